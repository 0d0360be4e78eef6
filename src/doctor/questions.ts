import { chooseBackEnd, createDirectory } from '../atlassian/backends.js';
import type { Connection } from '../atlassian/connection.js';
import type { JiraAccess } from '../atlassian/jira.js';
import { createProbes, type CurrentUser, type Probes } from '../atlassian/probes.js';
import type { ScopedOperation } from '../atlassian/scopes.js';
import type { ScopeTrial } from '../atlassian/scopeTrials.js';
import type { Config } from '../config.js';
import type { Call, Clock } from '../provisioning/call.js';
import type { Access } from '../provisioning/dependencies.js';
import type { BackEnd, Directory } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { IndexedGroup } from '../provisioning/indexRecords.js';
import { readGrantingGroups, resolveAccess } from '../roster/accessGroups.js';
import { openOwnCall } from '../roster/ownCall.js';

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
  readonly directory: () => Promise<Directory>;
  readonly grantingGroups: () => Promise<readonly IndexedGroup[]>;
  /** @throws Failure `misconfigured` when the access groups have to be chosen, or are chosen wrongly */
  readonly access: () => Promise<Access>;
  /** A call with a budget of its own, for what else a check asks the directory. */
  readonly call: () => Call;
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
  const grantingGroups = once(async () => {
    await currentUser();
    return readGrantingGroups(await directory(), clock, call());
  });
  return {
    config,
    site,
    currentUser,
    atOtherAddress: once(() => probes.atOtherAddress(call())),
    tokenExpiries: once(async () => probes.tokenExpiries((await currentUser()).accountId, call())),
    tryScopes: (operations) => probes.tryScopes(operations, call),
    organization: once(() => probes.organization(call())),
    jiraAccess,
    jiraShowsAddresses: once(() => probes.jiraShowsAddresses(call())),
    backEnd,
    directory,
    grantingGroups,
    access: once(async () => {
      const access = resolveAccess(await grantingGroups(), config.accessGroups);
      if (access.trouble !== undefined) throw access.trouble;
      return access;
    }),
    call,
  };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}
