import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';
import { holdingAccount } from './invitations.js';
import { gatherLinkEvidence, type LinkEvidence, recordsOf } from './linkEvidence.js';
import { type LinkPlan, type LinkWord, planLink } from './linkPlan.js';
import { refusing } from './refusals.js';
import { settle } from './settling.js';
import type { PersonLink, Records } from './store.js';

export interface LinkOptions extends LinkWord {
  /** What the operator was shown and agreed to; done only while it is still so. */
  readonly agreed?: LinkPlan;
}

/**
 * Connects an address with the account the operator names, on evidence (rules US5, ID7): the person recorded for it gets
 * the account, which becomes what the identity provider wanted meanwhile. Where no record has the address, because every
 * attempt to create the user was refused, the account becomes a record as it stands, for the identity provider to find.
 *
 * @returns the SCIM id; the same again when they are linked already
 * @throws Failure as `planLink`; `refused` when no seat is left, or when things are not as they were agreed to
 */
export async function linkAccount(
  email: string,
  accountId: string,
  deps: Dependencies,
  call: Call,
  options: LinkOptions = {},
): Promise<string> {
  const address = email.trim().toLowerCase();
  const { locks, people } = deps.store;
  return locks.withLock(`address:${address}`, call, async (addressHeld) => {
    const subject = (await recordsOf(address, people))[0]?.id ?? accountId;
    const judgeAndLink = async (held: Call): Promise<string> => {
      const evidence = await gatherLinkEvidence(address, accountId, deps, held);
      // A message, or a scan, may have come first while this waited for its turn.
      if ((evidence.records[0]?.id ?? accountId) !== subject) throw changedMeanwhile();
      const attempt = { event: 'user.linked', subject };
      const plan = await refusing('ID7', attempt, deps, held, () => planLink(evidence, options, deps.clock.now()));
      if (plan.kind === 'none') return plan.record.id;
      if (options.agreed !== undefined && !isSame(options.agreed, plan)) throw changedMeanwhile();
      return carryOut(plan, evidence, deps, held);
    };
    const locked = (held: Call): Promise<string> => holdingAccount(accountId, deps, held, judgeAndLink);
    return subject === accountId ? locked(addressHeld) : locks.withLock(`person:${subject}`, addressHeld, locked);
  });
}

/** Holds the locks of the record's person, where there is a record, and of the account. */
async function carryOut(
  plan: Exclude<LinkPlan, { readonly kind: 'none' }>,
  evidence: LinkEvidence,
  deps: Dependencies,
  call: Call,
): Promise<string> {
  if (plan.kind === 'adopt') return adoptAccount(evidence, () => Promise.resolve(), deps, call);
  const { record } = plan;
  if (plan.kind === 'part')
    return adoptAccount(evidence, (records) => giveUpAddress(record, evidence, records, deps, call), deps, call);
  await settle(record, evidence.accountId, plan.kind === 'move' ? 'ID7 merged' : 'US5 link', deps, call);
  return record.id;
}

/** What the operator says of an account changes nobody's access: the record is wanted as the account is found. */
async function adoptAccount(
  { address, accountId, account }: LinkEvidence,
  beforehand: (records: Records) => Promise<void>,
  deps: Dependencies,
  call: Call,
): Promise<string> {
  const now = new Date(deps.clock.now()).toISOString();
  await deps.store.transaction(async (records) => {
    await beforehand(records);
    await records.people.insert({
      id: accountId,
      accountId,
      userName: address,
      profile: { emails: [{ value: address, primary: true }] },
      wanted: account?.hasAccess === true ? 'active' : 'inactive',
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
    await records.tombstones.removePending(address);
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

/** Whoever had the address before stays recorded, deactivated, under the name of the account. */
async function giveUpAddress(
  record: PersonLink,
  { address }: LinkEvidence,
  records: Records,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const userName = record.userName.toLowerCase() === address ? (record.accountId ?? record.id) : record.userName;
  const profile = Object.fromEntries(Object.entries(record.profile).filter(([name]) => name !== 'emails'));
  const modifiedAt = new Date(deps.clock.now()).toISOString();
  await records.people.update(record.id, { userName, profile, address: undefined, modifiedAt });
  await audit(records, deps, call, {
    event: 'user.addressGivenUp',
    subject: record.id,
    decision: 'ID7 recycled',
    result: 'done',
  });
}

/** Whether two plans are about the same record in the same state. */
function isSame(one: LinkPlan, other: LinkPlan): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function changedMeanwhile(): Failure {
  return new Failure(
    'refused',
    'The record of this person changed meanwhile, so nothing was linked. Run the command again and look at it anew.',
  );
}
