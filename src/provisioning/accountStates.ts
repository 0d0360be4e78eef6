import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { AccountStatus } from './directory.js';
import { Failure } from './failure.js';

/** An account that Atlassian names for an address. */
export interface LocatedAccount {
  readonly accountId: string;
  readonly status: AccountStatus;
  readonly suspended: boolean;
  /** The groups it is in, where the look-up told. */
  readonly groupIds: readonly string[] | undefined;
}

/**
 * Refuses accounts that Atlassian itself has switched off (rule US6); the IdP cannot help there.
 *
 * @throws Failure `refused`
 */
export function assertUsableAccount(account: LocatedAccount, deps: Pick<Dependencies, 'settings'>): void {
  if (account.status === 'closed') {
    throw new Failure(
      'refused',
      'The Atlassian account of this person is closed (deleted). Use another address, or ask Atlassian to restore the account.',
    );
  }
  if (account.status === 'inactive') {
    throw new Failure(
      'refused',
      'The Atlassian account of this person is deactivated. Have an organization admin reactivate it, then send it again.',
    );
  }
  if (account.suspended && deps.settings.deactivation !== 'suspend') {
    throw new Failure(
      'refused',
      'This person is suspended in the Atlassian organization. Have an organization admin restore access, then send it again.',
    );
  }
}

/**
 * Whether an account that Atlassian put into no group is one that it has switched off itself (rule US8). One call.
 *
 * @throws Failure `refused` when it is
 */
export async function assertNotSwitchedOff(accountId: string, deps: Dependencies, call: Call): Promise<void> {
  const [account] = await deps.directory.listAccounts([accountId], call);
  const status = account?.accountStatus ?? 'unknown';
  assertUsableAccount({ accountId, status, suspended: false, groupIds: undefined }, deps);
}

/** Removed from the site, or merged into another account: without the organization's credential that cannot be told apart. */
export function notOnSite(cause: Failure): Failure {
  return new Failure(
    'refused',
    'Atlassian does not know this account on the site any more (removed from it, or merged into another one), so access could not be given. ' +
      'Invite the person in Atlassian administration, then send it again; if the address has another account by now, have the operator connect them with: confluence-scim-bridge link EMAIL ACCOUNT.',
    { cause, ...(cause.upstream === undefined ? {} : { upstream: cause.upstream }) },
  );
}

/** The address belongs to another account than the one on record: merged, or passed on to somebody else. */
export function anotherAccount(): Failure {
  return new Failure(
    'refused',
    'Atlassian names another account for this address than the one on record (merged, or the address was passed on), so access was given to nobody. ' +
      'See in Atlassian administration which one is meant, and have the operator connect them with: confluence-scim-bridge link EMAIL ACCOUNT.',
  );
}
