import type { Questions } from '../doctor/questions.js';
import { controlRead, type Memberships, readMemberships } from '../provisioning/access.js';
import type { Clock } from '../provisioning/call.js';
import type { Access } from '../provisioning/dependencies.js';
import { byScimIds, isOnlyPlanned } from '../observe/groupIds.js';
import type { Directory, UpstreamAccount, UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { severalAccounts } from '../provisioning/invitations.js';
import { believed } from '../provisioning/roleRecords.js';
import type { Records } from '../provisioning/store.js';
import { resolveAccess } from '../roster/accessGroups.js';
import { accountSubject, findPeople, type PersonSubject } from './subjects.js';

/** What was asked of Confluence, or why it could not be asked. Silence is never taken for "no". */
export type Answer<T> =
  { readonly isTold: true; readonly value: T } | { readonly isTold: false; readonly reason: string };

/** What `why` asks with; it reads and never writes, neither upstream nor in the store. */
export interface Asking {
  readonly questions: Questions;
  readonly records: Records;
  readonly clock: Clock;
}

/** Under the ids that the records have. */
async function directoryOf({ questions, records }: Asking): Promise<Directory> {
  return byScimIds(await questions.directory(), records);
}

/** Own writes that were only planned say nothing of Confluence (rule SA14). */
async function withoutPlanned(accountId: string, { plan, writes }: Records): Promise<Pick<Records, 'writes'>> {
  const planned = new Set((await plan.openOf({ accountId })).map(({ groupId }) => groupId));
  return {
    writes: {
      ...writes,
      membershipsOf: async (id, sinceMs) =>
        new Map([...(await writes.membershipsOf(id, sinceMs))].filter(([groupId]) => !planned.has(groupId))),
    },
  };
}

/** What Confluence says of a person now. */
export interface PersonNow {
  readonly access: Access;
  /** The account of the site credential, which is protected (rule SA8). */
  readonly ownAccountId: string;
  /** Undefined for somebody without an account, and for an account that Confluence does not know. */
  readonly account: UpstreamAccount | undefined;
  /** Undefined for somebody without an account. */
  readonly memberships: Memberships | undefined;
  /** Suspended in the organization; undefined where nothing tells. */
  readonly isSuspended: boolean | undefined;
  /** For somebody without an account: whether the address may enter Confluence; undefined where nothing tells. */
  readonly mayAddressEnter: boolean | undefined;
}

/** What Confluence says of a group now. */
export interface GroupNow {
  readonly access: Access;
  /** Undefined when Confluence has no such group. */
  readonly group: UpstreamGroup | undefined;
  readonly accounts: readonly UpstreamAccount[];
}

/** @returns the failure's own words where there is no answer */
export async function told<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { isTold: true, value: await ask() };
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind === 'unexpected') throw error;
    return { isTold: false, reason: failure.message };
  }
}

/** Somebody whom no record names: by exact address where the back end can look it up, or by account id. */
export async function findUpstream(key: string, asking: Asking): Promise<readonly PersonSubject[]> {
  const { questions, records } = asking;
  await questions.currentUser();
  const directory = await directoryOf(asking);
  if (key.includes('@')) {
    const match = await directory.findByEmail(key, questions.call());
    if (match.kind === 'several') throw severalAccounts();
    return match.kind === 'one' ? subjectsOf(match.accountId, records) : [];
  }
  if (!/^[\w:.-]{1,255}$/.test(key)) return [];
  const [account] = await directory.listAccounts([key], questions.call());
  return account?.accountType === 'atlassian' ? [await accountSubject(key, records)] : [];
}

/** What the records have under the account, else the account alone. */
async function subjectsOf(accountId: string, records: Records): Promise<readonly PersonSubject[]> {
  const known = await findPeople(accountId, records);
  return known.length > 0 ? known : [await accountSubject(accountId, records)];
}

/** @throws Failure when one of the questions that decide about access is not answered */
export async function askAboutPerson(subject: PersonSubject, asking: Asking): Promise<PersonNow> {
  const { questions, records, clock } = asking;
  const { accountId: ownAccountId } = await questions.currentUser();
  const directory = await directoryOf(asking);
  const access = await readAccess(asking);
  const { accountId } = subject;
  if (accountId === undefined) {
    const mayAddressEnter = await mayEnter(subject, asking);
    return {
      access,
      ownAccountId,
      account: undefined,
      memberships: undefined,
      isSuspended: undefined,
      mayAddressEnter,
    };
  }
  const deps = { directory, store: await withoutPlanned(accountId, records), clock };
  const [memberships, [account]] = await Promise.all([
    readMemberships(accountId, deps, access, questions.call()),
    directory.listAccounts([accountId], questions.call()),
  ]);
  const isSuspended = await isSuspendedNow(subject, account?.email, asking);
  return { access, ownAccountId, account, memberships, isSuspended, mayAddressEnter: undefined };
}

async function readAccess({ questions, records, clock }: Asking): Promise<Access> {
  const roles = believed(await records.roles.ofGroups(), clock.now());
  return resolveAccess(await questions.grantingGroups(), questions.config.accessGroups, roles);
}

/** The organization alone tells, by address; what it does not answer is left open, for Confluence has spoken already. */
async function isSuspendedNow(
  { link, accountId }: PersonSubject,
  visible: string | undefined,
  asking: Asking,
): Promise<boolean | undefined> {
  const { questions } = asking;
  const directory = await directoryOf(asking);
  const address = link?.address ?? visible;
  if (directory.backEnd !== 'organization' || address === undefined) return undefined;
  const match = await told(() => directory.findByEmail(address, questions.call()));
  if (!match.isTold || match.value.kind !== 'one' || match.value.accountId !== accountId) return undefined;
  return match.value.suspended;
}

async function mayEnter({ link }: PersonSubject, asking: Asking): Promise<boolean | undefined> {
  const { questions } = asking;
  const address = link?.address;
  if (address === undefined) return undefined;
  const directory = await directoryOf(asking);
  const answer = await told(() => directory.hasAccess(address, questions.call()));
  return answer.isTold ? answer.value : undefined;
}

/** @throws Failure as `askAboutPerson`; that there is no such group is believed after a control read only (rule SA2) */
export async function askAboutGroup(groupId: string, asking: Asking): Promise<GroupNow> {
  const { questions, records } = asking;
  await questions.currentUser();
  const directory = await directoryOf(asking);
  const access = await readAccess(asking);
  // Known by its plan alone (rule SA14).
  if (await isOnlyPlanned(groupId, records)) return { access, group: undefined, accounts: [] };
  try {
    const group = await directory.getGroup(groupId, questions.call());
    return { access, group, accounts: await directory.listAllMembers(groupId, questions.call()) };
  } catch (error) {
    if (Failure.from(error).kind !== 'notFound') throw error;
    await controlRead({ directory }, access, questions.call());
    return { access, group: undefined, accounts: [] };
  }
}

/** A group of this Confluence name that neither records nor index know. */
export async function findGroupUpstream(name: string, asking: Asking): Promise<readonly string[]> {
  const { questions } = asking;
  await questions.currentUser();
  const group = await (await directoryOf(asking)).findGroupByName(name, questions.call());
  return group === undefined ? [] : [group.id];
}
