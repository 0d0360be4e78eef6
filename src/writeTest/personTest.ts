import { firstAccessGroup, isProtected } from '../provisioning/access.js';
import { assertAllowedDomain } from '../provisioning/accounts.js';
import type { Call, Clock } from '../provisioning/call.js';
import type { Access, Settings } from '../provisioning/dependencies.js';
import type { AtlassianDirectory } from '../atlassian/backends.js';
import type { EmailMatch } from '../provisioning/directory.js';
import type { IndexedGroup } from '../provisioning/indexRecords.js';
import type { Store } from '../provisioning/store.js';
import { memberof } from './groupTest.js';
import type { Entry, Journal } from './journal.js';
import { type Recorder, Stopped, type Trial } from './recorder.js';
import { findAccount, leaveGranting } from './takingAway.js';

export interface PersonTest {
  readonly directory: AtlassianDirectory;
  readonly store: Store;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly settings: Settings;
  readonly access: Access;
  readonly ownAccountId: string;
  readonly email: string;
}

/** A person whom the test may give access and take it again, as the site knows them. */
type Free = Extract<EmailMatch, { kind: 'one' | 'none' | 'cannotTell' }>;

/**
 * Refuses everybody from whom the test could take something.
 *
 * @throws Stopped, Failure when it cannot be told
 */
export async function assertFree(test: Omit<PersonTest, 'journal' | 'clock'>): Promise<Free> {
  const { directory, store, recorder, settings, access, email } = test;
  const protection = { settings, ownAccountId: () => test.ownAccountId };
  if (isProtected({ accountId: undefined, addresses: [email] }, protection)) throw taboo();
  assertAllowedDomain(email, { settings });
  const isKnown =
    (await store.people.findByUserName(email)) !== undefined || (await store.people.findByAddress(email)).length > 0;
  if (isKnown) throw new Stopped('The bridge has a record of this person. Use an address that nobody has.');
  if (await directory.hasAccess(email, recorder.call())) throw hasAccess();
  const match = await directory.findByEmail(email, recorder.call());
  if (match.kind === 'several') {
    throw new Stopped('Several accounts have this address. Use an address that nobody has.');
  }
  if (match.kind === 'one') await assertFreeAccount(match, test, isProtected({ ...match, addresses: [] }, protection));
  firstAccessGroup(access);
  return match;
}

async function assertFreeAccount(
  { accountId, accountStatus, suspended, groupIds }: Extract<EmailMatch, { kind: 'one' }>,
  { directory, store, recorder, access }: Pick<PersonTest, 'directory' | 'store' | 'recorder' | 'access'>,
  isTaboo: boolean,
): Promise<void> {
  if (isTaboo) throw taboo();
  if ((await store.people.findByAccount(accountId)) !== undefined) {
    throw new Stopped('The bridge has a record of this account. Use an address that nobody has.');
  }
  if (suspended || accountStatus === 'inactive' || accountStatus === 'closed') {
    throw new Stopped(
      'The account of this address is suspended, deactivated or closed. Use an address that nobody has.',
    );
  }
  const groups = await directory.listMemberships(accountId, recorder.call());
  if ([...groups.map(({ id }) => id), ...(groupIds ?? [])].some((id) => access.granting.has(id))) throw hasAccess();
}

function taboo(): Stopped {
  return new Stopped(
    'This person is protected (PROTECTED_USERS, or your own account). Use an address that nobody has.',
  );
}

function hasAccess(): Stopped {
  return new Stopped('This person has access to Confluence already. Use an address that nobody has.');
}

/**
 * Gives the person access in the way of the back end, and takes it again. What is in the journal afterwards may still
 * have access.
 *
 * @throws Stopped when it ends early; Failure when something could not be asked
 */
export async function testPerson(unlocked: PersonTest): Promise<void> {
  const { store, email } = unlocked;
  // As the bridge itself does, so that no message about the address comes between.
  await store.locks.withLock(`address:${email.toLowerCase()}`, unlocked.recorder.call(), async (held) => {
    const recorder = unlocked.recorder.under(held);
    const test = { ...unlocked, recorder };
    const match = await assertFree(test);
    const accessGroup = firstAccessGroup(test.access);
    const given = await give(test, match, accessGroup);
    await Promise.all([
      recorder.until(memberof('the groups of the account show the access group'), given.atMs, (reading) =>
        hasGranting(test, given.accountId, reading, true),
      ),
      recorder.until(checkAccess('Confluence says that the person has access'), given.atMs, (asking) =>
        test.directory.hasAccess(email, asking),
      ),
    ]);
    await take(test, given);
  });
}

interface Given {
  readonly entry: Entry;
  readonly accountId: string;
  /** When access was given. */
  readonly atMs: number;
}

async function give(test: PersonTest, match: Free, accessGroup: IndexedGroup): Promise<Given> {
  const { directory, journal, email } = test;
  const begun = await journal.begin('writeTestPerson', email);
  if (match.kind === 'one')
    return join(test, await journal.named(begun, match.accountId), match.accountId, accessGroup);
  if (directory.backEnd === 'invite') return invite(test, begun, accessGroup);
  const created = await test.recorder.attempt(CREATION[directory.backEnd], (call) =>
    directory.createAccount(email, accessGroup.id, call),
  );
  if (!created.ok) throw new Stopped(`The person could not be created. ${created.failure.message}`);
  const { accountId, granted } = created.value;
  const entry = await journal.named(begun, accountId);
  if (!granted) return join(test, entry, accountId, accessGroup);
  await test.store.writes.membership(accountId, accessGroup.id, true, created.atMs);
  return { entry, accountId, atMs: created.atMs };
}

const CREATION: Readonly<Record<'organization' | 'jira', Trial>> = {
  organization: {
    act: 'invite the person into the access group',
    operation: 'organization.inviteUsers',
    belief: 'organization.inviteUsers/item-status-decides',
    believed: [200],
    audited: { event: 'user.provisioned', subject: 'new' },
  },
  jira: {
    act: 'create the person',
    operation: 'jira.createUser',
    belief: 'jira.createUser/created-whatever-the-answer',
    believed: [201],
    audited: { event: 'user.provisioned', subject: 'new' },
  },
};

async function invite(test: PersonTest, begun: Entry, accessGroup: IndexedGroup): Promise<Given> {
  const { directory, journal, recorder, store, clock, email } = test;
  const invited = await recorder.attempt(
    {
      act: 'invite the person',
      operation: 'confluence.inviteByEmail',
      belief: 'confluence.inviteByEmail/success-is-200',
      believed: [200],
      audited: { event: 'user.invited', subject: 'new' },
    },
    (call) => directory.inviteByEmail(email, call),
  );
  if (!invited.ok) throw new Stopped(`The person could not be invited. ${invited.failure.message}`);
  let accountId: string | undefined;
  await recorder.until(
    {
      act: 'the account appears, with its address',
      operation: 'confluence.listMembers',
      belief: 'confluence.inviteByEmail/approval-required',
      believed: [200],
    },
    invited.atMs,
    async (call) => {
      accountId = await findAccount(email, [accessGroup], directory, call);
      return accountId !== undefined;
    },
  );
  if (accountId === undefined) throw new Stopped('The invited person did not appear among the people with access.');
  const entry = await journal.named(begun, accountId);
  await store.writes.membership(accountId, accessGroup.id, true, clock.now());
  return { entry, accountId, atMs: invited.atMs };
}

async function join(test: PersonTest, entry: Entry, accountId: string, accessGroup: IndexedGroup): Promise<Given> {
  const { directory, recorder, store, clock } = test;
  await store.writes.attempt(accountId, accessGroup.id, clock.now());
  const added = await recorder.attempt(
    {
      act: 'put the person into the access group',
      operation: 'confluence.addMember',
      belief: 'confluence.addMember/success-is-201',
      believed: [201],
      audited: { event: 'group.memberAdded', subject: accountId, object: accessGroup.id },
    },
    (call) => directory.addMember(accessGroup.id, accountId, call),
  );
  if (!added.ok) throw new Stopped(`The person could not be given access. ${added.failure.message}`);
  await store.writes.membership(accountId, accessGroup.id, true, added.atMs);
  return { entry, accountId, atMs: added.atMs };
}

async function take(test: PersonTest, { entry, accountId }: Given): Promise<void> {
  const { directory, recorder, journal, access, email } = test;
  const taking = { ...test, grantingGroups: () => Promise.resolve([...access.granting.values()]) };
  const taken = await recorder.attempt(
    {
      act: 'take the person out of every group that grants access',
      operation: 'confluence.removeMember',
      belief: 'confluence.removeMember/undocumented-removal',
      believed: [204],
    },
    (call) => leaveGranting(accountId, taking, call),
  );
  if (!taken.ok) throw new Stopped(`Access could not be taken. ${taken.failure.message}`);
  const [isOut, hasNone] = await Promise.all([
    recorder.until(memberof('the groups of the account show none that grants access'), taken.atMs, (call) =>
      hasGranting(test, accountId, call, false),
    ),
    recorder.until(
      checkAccess('Confluence says that the person has none'),
      taken.atMs,
      async (call) => !(await directory.hasAccess(email, call)),
    ),
  ]);
  if (!isOut || !hasNone) throw new Stopped('Confluence still shows access after it was taken.');
  await journal.end(entry);
}

function checkAccess(act: string): Trial {
  return {
    act,
    operation: 'confluence.checkAccessByEmail',
    belief: 'confluence.checkAccessByEmail/one-address-one-answer',
    believed: [200],
  };
}

async function hasGranting(
  { directory, access }: PersonTest,
  accountId: string,
  call: Call,
  wanted: boolean,
): Promise<boolean> {
  const groups = await directory.listMemberships(accountId, call);
  return groups.some(({ id }) => access.granting.has(id)) === wanted;
}
