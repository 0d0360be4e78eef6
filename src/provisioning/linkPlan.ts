import { Failure } from './failure.js';
import type { LinkEvidence } from './linkEvidence.js';
import type { PersonLink } from './store.js';

/** What the operator says beyond naming address and account, where the evidence alone must not decide (rule ID7). */
export interface LinkWord {
  /** The account is the right one though the evidence names another, or speaks against it. */
  readonly addressDiffers?: boolean;
  /** The invitation is old, and what was wanted then is still wanted. */
  readonly staleInvitation?: boolean;
  /** The account on record was merged into this one: the same person. */
  readonly merged?: boolean;
  /** The address was passed on: another person than the one on record. */
  readonly recycled?: boolean;
}

/**
 * What linking would do.
 *
 * - `none`   they are linked already
 * - `settle` the record gets its account, which becomes what the identity provider wanted meanwhile
 * - `move`   as `settle`, from an account that is gone
 * - `adopt`  nobody is recorded: the account becomes a record as it stands
 * - `part`   as `adopt`; the record of the person who had the address gives it up
 */
export type LinkPlan =
  | { readonly kind: 'none'; readonly record: PersonLink }
  | { readonly kind: 'settle' | 'move'; readonly record: PersonLink }
  | { readonly kind: 'adopt' }
  | { readonly kind: 'part'; readonly record: PersonLink };

/** What was wanted when an older invitation was sent may not be wanted any more. */
const STALE_MS = 30 * 24 * 60 * 60 * 1000;

/** @throws Failure `notFound`, `forbidden` or `refused`, which says what speaks against it and what to do */
export function planLink(evidence: LinkEvidence, word: LinkWord, nowMs: number): LinkPlan {
  const { records, holder, account } = evidence;
  const [record, another] = records;
  if (holder !== undefined && records.some(({ id }) => id === holder.id)) return { kind: 'none', record: holder };
  if (account === undefined) {
    throw new Failure(
      'notFound',
      'Atlassian shows no person with this account id. Copy the id from the address of the profile in Atlassian administration.',
    );
  }
  assertPerson(account.accountType);
  if (account.accountStatus === 'closed') {
    throw refused('This account is closed (deleted) at Atlassian. Name the account that the person has now.');
  }
  if (account.isProtected) {
    throw new Failure(
      'forbidden',
      'This account is protected and never becomes a user of SCIM. Name another account, or change PROTECTED_USERS.',
    );
  }
  if (holder !== undefined) {
    throw refused(`The account is linked to the user ${holder.id} already. Delete or update that one first.`);
  }
  if (account.accountStatus === 'inactive' && record?.wanted === 'active') {
    throw refused(
      'This account is deactivated at Atlassian, and the user is to be active. Have an organization admin reactivate it first.',
    );
  }
  const contradiction = contradictionOf(evidence);
  if (contradiction !== undefined && word.addressDiffers !== true) {
    throw refused(
      `${contradiction} Name the account that belongs to the address or, if it is this one, add --address-differs.`,
    );
  }
  if (record === undefined) return namedFreely({ kind: 'adopt' }, evidence);
  if (record.accountId !== undefined && another !== undefined) {
    throw refused(
      `Several users have this address: ${records.map(({ id }) => id).join(', ')}. Delete or update all but the right one first.`,
    );
  }
  if (record.accountId !== undefined) return planFor(record, record.accountId, evidence, word);
  const isStale = record.invitedAt !== undefined && Date.parse(record.invitedAt) < nowMs - STALE_MS;
  if (isStale && word.staleInvitation !== true) {
    throw refused(
      `The invitation is of ${record.invitedAt} and older than 30 days. See whether the person is still to be ${record.wanted}; if so, add --stale-invitation.`,
    );
  }
  return { kind: 'settle', record };
}

/** The record has another account: the same person, or another one? */
function planFor(record: PersonLink, former: string, evidence: LinkEvidence, word: LinkWord): LinkPlan {
  const isGone = evidence.former === undefined || evidence.former.accountStatus === 'closed';
  if (word.merged === true) {
    if (isGone) return { kind: 'move', record };
    throw refused(
      `The account ${former} on record of the user ${record.id} is still there, so it was not merged. Delete or update that user first.`,
    );
  }
  if (word.recycled === true) {
    if (record.wanted === 'inactive') return namedFreely({ kind: 'part', record }, evidence);
    throw refused(
      `The user ${record.id} has this address and is active. Have the identity provider deactivate or delete that one first.`,
    );
  }
  throw refused(
    `The address is linked to another account, as the user ${record.id}. If that account was merged into this one, add --merged; if the address was passed on to another person, add --recycled.`,
  );
}

/** A new record takes the address as its userName, too. */
function namedFreely(plan: LinkPlan, { namesake }: LinkEvidence): LinkPlan {
  if (namesake === undefined) return plan;
  throw refused(
    `The address is the userName of the user ${namesake.id}, who has another address. Update that one first.`,
  );
}

function assertPerson(type: string): void {
  if (type === 'atlassian') return;
  const is: Readonly<Record<string, string>> = {
    app: 'an app',
    customer: 'a customer of a service portal',
    guest: 'a guest',
  };
  throw refused(
    `This account is ${is[type] ?? 'of an unknown kind'} and not a person who can be given access. Name the account of a person.`,
  );
}

/** One sentence, where what Atlassian shows does not fit the address. */
function contradictionOf({ account, address, named, accountId, addressHasAccess }: LinkEvidence): string | undefined {
  if (account?.email !== undefined) {
    return account.email.toLowerCase() === address
      ? undefined
      : 'The account shows another address than the one given.';
  }
  if (named !== undefined && named !== accountId) return `Atlassian names another account for this address, ${named}.`;
  if (addressHasAccess === undefined || addressHasAccess === account?.hasAccess) return undefined;
  return addressHasAccess
    ? 'Confluence says that the address has access, and this account has none.'
    : 'Confluence says that the address has no access, and this account has.';
}

function refused(message: string): Failure {
  return new Failure('refused', message);
}
