import { assertNotProtected } from './access.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { attach } from './invitations.js';
import { settle } from './settling.js';

/**
 * Connects the person recorded for an address with the account the operator names, and makes the account what the
 * person's identity provider wanted meanwhile (rule US5).
 *
 * @returns the SCIM id
 * @throws Failure `notFound` when no record has the address or no account the id; `refused` when either is linked already
 */
export async function linkAccount(email: string, accountId: string, deps: Dependencies, call: Call): Promise<string> {
  const address = email.trim().toLowerCase();
  const records = (await deps.store.people.findByAddress(address)).filter((link) => link.address === address);
  const [pending] = records.filter((link) => link.accountId === undefined);
  if (pending === undefined) {
    if (records.some((link) => link.accountId === accountId)) {
      throw new Failure('refused', 'This address is linked to this account already. Nothing is left to do.');
    }
    throw new Failure(
      'notFound',
      'No user of this address waits for an account. Let the identity provider create the user first.',
    );
  }
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
  await deps.store.locks.withLock(`person:${pending.id}`, call.deadlineMs, async () => {
    await settle(await attach(pending, accountId, 'US5 link', deps, call), deps, call);
  });
  return pending.id;
}
