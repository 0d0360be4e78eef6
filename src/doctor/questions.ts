import { type AtlassianDirectory, chooseBackEnd, createDirectory } from '../atlassian/backends.js';
import type { Connection } from '../atlassian/connection.js';
import type { JiraAccess } from '../atlassian/jira.js';
import { createProbes, type CurrentUser, type Probes } from '../atlassian/probes.js';
import type { ScopedOperation } from '../atlassian/scopes.js';
import type { ScopeTrial } from '../atlassian/scopeTrials.js';
import type { Config } from '../config.js';
import type { Call, Clock } from '../provisioning/call.js';
import type { Access } from '../provisioning/dependencies.js';
import type { BackEnd, Directory, UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { IndexedGroup } from '../provisioning/indexRecords.js';
import { provesSite, type RolesByGroup } from '../provisioning/roles.js';
import { grantingGroups, listAccess, type Listing, NO_ROLES, resolveAccess } from '../roster/accessGroups.js';
import { isExactName } from '../patterns.js';
import { openOwnCall } from '../roster/ownCall.js';
import { askRoles } from '../roster/roleBook.js';

/** `GET /group` of a large organization takes half a minute. */
const BUDGET_MS = 60_000;

/**
 * What checks and the start of the bridge ask of one site. Each question is asked once and its answer, or failure, given
 * to everybody, so that a failure is the same object wherever it turns up.
 */
export interface Questions {
  readonly config: Config;
  /** Whether the address is an Atlassian site's; needs no credential. */
  readonly site: () => Promise<{ readonly cloudId: string }>;
  readonly currentUser: () => Promise<CurrentUser & { readonly answeredAtMs: number }>;
  /** What the token is where the other ATLASSIAN_TOKEN_KIND is used. */
  readonly atOtherAddress: () => ReturnType<Probes['atOtherAddress']>;
  /** When the tokens of the account expire, where Atlassian tells. */
  readonly tokenExpiries: () => ReturnType<Probes['tokenExpiries']>;
  /** Which scopes the token has for these operations; asked anew each time. */
  readonly tryScopes: (operations: readonly ScopedOperation[]) => Promise<readonly ScopeTrial[]>;
  /** Resolves when the organization key works. @throws Failure `misconfigured` also where there is none */
  readonly organization: () => Promise<void>;
  readonly jiraAccess: () => Promise<JiraAccess>;
  readonly jiraShowsAddresses: () => Promise<boolean>;
  readonly backEnd: () => Promise<BackEnd>;
  readonly directory: () => Promise<AtlassianDirectory>;
  readonly grantingGroups: () => Promise<readonly IndexedGroup[]>;
  /** What role assignments say of these groups and those that ADOPT_GROUPS names; undefined without an organization key. */
  readonly groupRoles: () => Promise<GroupRoles | undefined>;
  /** @throws Failure `misconfigured` when the access groups have to be chosen, or are chosen wrongly */
  readonly access: () => Promise<Access>;
  /** A call with a budget of its own, for what else a check asks the directory. */
  readonly call: () => Call;
}

/** What role assignments say. */
export interface GroupRoles {
  /** The groups that were asked about. */
  readonly groups: readonly UpstreamGroup[];
  readonly roles: RolesByGroup;
  /** Whether some of them has a role on this site: if none has, nothing of it is believed. */
  readonly isBelieved: boolean;
  /** Why not all could be asked about. */
  readonly failure: Failure | undefined;
}

/** @param signal aborts when nobody wants to know any more */
export function questionsTo(
  config: Config,
  connection: Connection,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Questions {
  const probes = createProbes(connection);
  const call = (): Call => openOwnCall('request', BUDGET_MS, signal, clock);

  const site = once(() => probes.tenantInfo(call()));
  const currentUser = once(async () => {
    await site().catch((error: unknown) => {
      // What answers, but not to this question, may still be a site: only a scoped token needs the cloud id.
      const isSilent = Failure.from(error).upstream?.status === undefined;
      if (isSilent || config.site.tokenKind === 'scoped') throw error;
    });
    return { ...(await probes.currentUser(call())), answeredAtMs: clock.now() };
  });
  const jiraAccess = once(async () => {
    // Jira tells a refused token from a missing right by a header at most, so the token is looked at first.
    await currentUser();
    return probes.jiraAccess(call());
  });
  const backEnd = once(() => chooseBackEnd(connection.config, jiraAccess));
  const directory = once(async () => createDirectory(connection, await backEnd()));
  const listing = once(async () => {
    await currentUser();
    return listAccess(await directory(), config.accessGroups, call());
  });
  const groupRoles = once(async () => readGroupRoles(await directory(), await listing(), config.adoptGroups, call));
  const granting = once(async () => {
    const known = await groupRoles();
    const roles = known?.isBelieved === true ? known.roles : NO_ROLES;
    const groups = grantingGroups(await listing(), roles, clock, known?.groups);
    // A configured group that grants nothing is told by the check of the access groups.
    return groups.filter(({ accessTypes }) => !accessTypes.includes('configured'));
  });
  return {
    config,
    site,
    currentUser,
    atOtherAddress: once(() => probes.atOtherAddress(call())),
    tokenExpiries: once(async () => probes.tokenExpiries((await currentUser()).accountId, call())),
    // While nothing but reads may be sent (rule SA14), not even a write of nothing is.
    tryScopes: (operations) => probes.tryScopes(operations, call, config.mode === 'live'),
    organization: once(() => probes.organization(call())),
    jiraAccess,
    jiraShowsAddresses: once(() => probes.jiraShowsAddresses(call())),
    backEnd,
    directory,
    grantingGroups: granting,
    groupRoles,
    access: once(async () => {
      const access = resolveAccess(await granting(), config.accessGroups, (await groupRoles())?.roles);
      if (access.trouble !== undefined) throw access.trouble;
      return access;
    }),
    call,
  };
}

/** Asks at the first call, and gives everybody that answer or failure. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

/** Groups that ADOPT_GROUPS names exactly, and that are looked up for their roles: more make a long report. */
const MOST_NAMED = 20;

/** More groups than grant access on any site. */
const MOST_ASKED = 200;

async function readGroupRoles(
  directory: Directory,
  { groups, strangers }: Listing,
  adoptGroups: readonly string[],
  call: () => Call,
): Promise<GroupRoles | undefined> {
  if (directory.roles === undefined) return undefined;
  const names = adoptGroups.filter(isExactName).slice(0, MOST_NAMED);
  const named = await Promise.all(names.map((name) => directory.findGroupByName(name, call())));
  const asked = new Map(
    [...groups.map(({ group }) => group), ...strangers, ...named.filter((group) => group !== undefined)].map(
      (group): [string, UpstreamGroup] => [group.id, group],
    ),
  );
  const { roles, failure } = await askRoles([...asked.keys()].slice(0, MOST_ASKED), directory.roles, call());
  return { groups: [...asked.values()], roles, isBelieved: [...roles.values()].some(provesSite), failure };
}
