import type { LocatedAccount } from './accountStates.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { PersonLink } from './store.js';

/** What tells whether a message is about somebody who is known already (rules US6, ID5). */
interface Wanted {
  readonly address: string;
  readonly externalId: string | undefined;
}

/**
 * The account of a person deleted here earlier, where the back end does not name accounts whose address is hidden: taken
 * up again only when the same caller sends the same externalId, never by a recycled address alone (rule ID5).
 */
export async function rememberedAccount(
  person: Wanted,
  deps: Dependencies,
  call: Call,
): Promise<LocatedAccount | undefined> {
  if (deps.directory.backEnd === 'organization' || person.externalId === undefined) return undefined;
  for (const tombstone of await deps.store.tombstones.findByAddress(person.address)) {
    if (tombstone.accountId !== undefined && tombstone.externalIds.get(call.caller) === person.externalId) {
      return { accountId: tombstone.accountId, status: 'unknown', suspended: false, groupIds: undefined };
    }
  }
  return undefined;
}

/**
 * The record that the same account has already or, where no account is named, the same address (rule US6). The
 * organization names every account: where it names none, a record with an account is somebody whose address was passed
 * on, and whoever has it now is another person (rule ID5).
 */
async function recordOf(
  person: Wanted,
  located: LocatedAccount | undefined,
  deps: Dependencies,
): Promise<PersonLink | undefined> {
  if (located !== undefined) {
    const linked = await deps.store.people.findByAccount(located.accountId);
    if (linked !== undefined) return linked;
  }
  const mayBeHidden = located === undefined && deps.directory.backEnd !== 'organization';
  const sameAddress = await deps.store.people.findByAddress(person.address);
  return sameAddress.find((link) => link.address === person.address && (mayBeHidden || link.accountId === undefined));
}

/**
 * Holds the lock of the person whom the message is about: the record found, else the account that will be its id. What
 * others changed while this waited is found again, so that two messages about one person never cross.
 */
export async function withRecord<T extends object>(
  person: Wanted,
  located: LocatedAccount | undefined,
  deps: Dependencies,
  call: Call,
  work: (record: PersonLink | undefined, held: Call) => Promise<T>,
): Promise<T> {
  for (;;) {
    const subject = (await recordOf(person, located, deps))?.id ?? located?.accountId;
    if (subject === undefined) return work(undefined, call);
    const done = await deps.store.locks.withLock(`person:${subject}`, call, async (held) => {
      const record = await recordOf(person, located, deps);
      return (record?.id ?? located?.accountId) === subject ? work(record, held) : undefined;
    });
    if (done !== undefined) return done;
  }
}
