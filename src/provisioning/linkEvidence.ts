import { isProtected, readMemberships } from './access.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { UpstreamAccount } from './directory.js';
import { Failure } from './failure.js';
import type { PersonLink, PersonRecords, Tombstone } from './store.js';

/** What Atlassian shows of an account that somebody is to be linked to. */
export interface AccountEvidence extends UpstreamAccount {
  readonly groups: readonly { readonly id: string; readonly name: string }[];
  /** In a group that grants access to Confluence. */
  readonly hasAccess: boolean;
  readonly isProtected: boolean;
}

/** Everything that speaks for or against linking an address with an account (rule ID7). Nothing of it is a guess. */
export interface LinkEvidence {
  /** Lower case. */
  readonly address: string;
  readonly accountId: string;
  /** Undefined when Atlassian shows nothing under the id. */
  readonly account: AccountEvidence | undefined;
  /** Users recorded for the address; one whose account is still to appear comes first. */
  readonly records: readonly PersonLink[];
  /** Memberships that wait for the account of the first of them: group ids. */
  readonly owed: readonly string[];
  /** The user that has the address as its userName, and not as its address. */
  readonly namesake: PersonLink | undefined;
  /** The user that has the account. */
  readonly holder: PersonLink | undefined;
  /** What Atlassian shows of the account that the first record has; undefined when it has none, or Atlassian shows nothing. */
  readonly former: UpstreamAccount | undefined;
  /** Users that were deleted here and had the account, or the address. */
  readonly deleted: { readonly account: readonly Tombstone[]; readonly address: readonly Tombstone[] };
  /** The account that the back end names for the address, where it names one. */
  readonly named: string | undefined;
  /** Whether Confluence says that the address has access, where no account is named for it. */
  readonly addressHasAccess: boolean | undefined;
}

/** Users recorded for a lower-case address, in the order of {@link LinkEvidence.records}. */
export async function recordsOf(
  address: string,
  people: Pick<PersonRecords, 'findByAddress'>,
): Promise<readonly PersonLink[]> {
  return (await people.findByAddress(address))
    .filter((link) => link.address === address)
    .sort((one, other) => Number(one.accountId !== undefined) - Number(other.accountId !== undefined));
}

/** Reads all of it; writes nothing. Two to five upstream calls. @throws Failure when something could not be read */
export async function gatherLinkEvidence(
  email: string,
  accountId: string,
  deps: Dependencies,
  call: Call,
): Promise<LinkEvidence> {
  const address = email.trim().toLowerCase();
  const { people, tombstones, holds } = deps.store;
  const records = await recordsOf(address, people);
  const [record] = records;
  const known = [accountId, ...(record?.accountId === undefined ? [] : [record.accountId])];
  const accounts = new Map(
    (await deps.directory.listAccounts([...new Set(known)], call)).map((account) => [account.accountId, account]),
  );
  const account = accounts.get(accountId);
  const namesake = await people.findByUserName(address);
  return {
    address,
    accountId,
    account: account === undefined ? undefined : await readAccount(account, address, deps, call),
    records,
    owed:
      record === undefined
        ? []
        : (await holds.ofPerson(record.id)).flatMap(({ kind, groupId }) => (kind === 'owed' ? groupId : [])),
    namesake: records.some(({ id }) => id === namesake?.id) ? undefined : namesake,
    holder: await people.findByAccount(accountId),
    former: record?.accountId === undefined ? undefined : accounts.get(record.accountId),
    deleted: {
      account: await tombstones.findByAccount(accountId),
      address: await tombstones.findByAddress(address),
    },
    ...(account?.email === undefined ? await askForAddress(address, deps, call) : NOT_ASKED),
  };
}

async function readAccount(
  account: UpstreamAccount,
  address: string,
  deps: Dependencies,
  call: Call,
): Promise<AccountEvidence> {
  const { accountId } = account;
  const access = await deps.roster.access(call);
  const { shown, names } = await readMemberships(accountId, deps, access, call);
  return {
    ...account,
    groups: [...shown].map((id) => ({ id, name: names.get(id) ?? access.granting.get(id)?.name ?? id })),
    hasAccess: [...shown].some((id) => access.granting.has(id)),
    isProtected: isProtected({ accountId, addresses: [address, account.email] }, deps),
  };
}

const NOT_ASKED = { named: undefined, addressHasAccess: undefined } as const;

/** The account hides its address, so the address is asked for its account and, where none is named, for its access. */
async function askForAddress(
  address: string,
  deps: Dependencies,
  call: Call,
): Promise<Pick<LinkEvidence, 'named' | 'addressHasAccess'>> {
  const match = await deps.directory.findByEmail(address, call);
  if (match.kind === 'one') return { named: match.accountId, addressHasAccess: undefined };
  if (match.kind === 'several' || deps.directory.backEnd === 'organization') return NOT_ASKED;
  try {
    return { named: undefined, addressHasAccess: await deps.directory.hasAccess(address, call) };
  } catch (error) {
    // An address that Atlassian does not accept says nothing for or against.
    if (Failure.from(error).kind === 'invalid') return NOT_ASKED;
    throw error;
  }
}
