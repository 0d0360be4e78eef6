import { assertNotProtected, readMemberships } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { settle } from './settling.js';
import type { PersonLink } from './store.js';

/**
 * Connects the person recorded for an address with the account the operator names, and makes the account what the
 * person's identity provider wanted meanwhile (rule US5). Where no record has the address, because every attempt to
 * create the user was refused, the account becomes a record as it stands, for the identity provider to find.
 *
 * @returns the SCIM id
 * @throws Failure `notFound` when no account has the id; `refused` when the address or the account is linked already
 */
export async function linkAccount(email: string, accountId: string, deps: Dependencies, call: Call): Promise<string> {
  const address = email.trim().toLowerCase();
  return deps.store.locks.withLock(`address:${address}`, call.deadlineMs, async () => {
    const records = (await deps.store.people.findByAddress(address)).filter((link) => link.address === address);
    const pending = records.find((link) => link.accountId === undefined);
    if (pending === undefined) assertNotLinked(records, accountId);
    await assertLinkable(address, accountId, deps, call);
    if (pending === undefined) return adoptAccount(address, accountId, deps, call);
    await deps.store.locks.withLock(`person:${pending.id}`, call.deadlineMs, async () => {
      // A scan may have found the account while this waited for its turn.
      const link = await deps.store.people.find(pending.id);
      if (link !== undefined && link.accountId === undefined) await settle(link, accountId, 'US5 link', deps, call);
    });
    return pending.id;
  });
}

function assertNotLinked(records: readonly PersonLink[], accountId: string): void {
  const [other] = records;
  if (other === undefined) return;
  if (records.some((link) => link.accountId === accountId)) {
    throw new Failure('refused', 'This address is linked to this account already. Nothing is left to do.');
  }
  throw new Failure(
    'refused',
    `This address is linked to another account, as the user ${other.id}. Delete or update that one first.`,
  );
}

/** The account is a person's, shows no other address, is not protected and is nobody else's. */
async function assertLinkable(address: string, accountId: string, deps: Dependencies, call: Call): Promise<void> {
  const [account] = await deps.directory.listAccounts([accountId], call);
  if (account?.accountType !== 'atlassian') {
    throw new Failure(
      'notFound',
      'Atlassian shows no person with this account id. Copy the id from the address of the profile in Atlassian administration.',
    );
  }
  if (account.email !== undefined && account.email.toLowerCase() !== address) {
    throw new Failure(
      'refused',
      'The account shows another address than the one given. Name the account that belongs to the address.',
    );
  }
  assertNotProtected({ accountId, addresses: [address] }, deps);
  const other = await deps.store.people.findByAccount(accountId);
  if (other !== undefined)
    throw new Failure(
      'refused',
      `The account is linked to the user ${other.id} already. Delete or update that one first.`,
    );
}

/** What the operator says of an account changes nobody's access: the record is wanted as the account is found. */
async function adoptAccount(address: string, accountId: string, deps: Dependencies, call: Call): Promise<string> {
  const access = await deps.roster.access(call);
  const { shown } = await readMemberships(accountId, deps, access, call);
  const now = new Date(deps.clock.now()).toISOString();
  await deps.store.transaction(async (records) => {
    await records.people.insert({
      id: accountId,
      accountId,
      userName: address,
      profile: { emails: [{ value: address, primary: true }] },
      wanted: [...shown].some((groupId) => access.granting.has(groupId)) ? 'active' : 'inactive',
      suspended: false,
      address,
      invitedAt: undefined,
      origin: 'adopted',
      caller: call.caller,
      owner: undefined,
      createdAt: now,
      wantedAt: now,
    });
    await records.tombstones.removeAccount(accountId);
    await audit(records, deps, call, {
      event: 'user.linked',
      subject: accountId,
      object: accountId,
      decision: 'US5 link',
      result: 'done',
    });
  });
  return accountId;
}
