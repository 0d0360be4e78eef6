import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { NewPerson } from './provision.js';
import type { PersonLink } from './store.js';
import { noteSuperseded } from './superseded.js';
import { beginMessage } from './unfinished.js';

/** How a new record comes about. */
export interface Insertion {
  readonly accountId: string | undefined;
  /** Groups that a read has just shown the account in. */
  readonly shownIn?: Iterable<string>;
  readonly wanted: 'active' | 'inactive';
  readonly origin: 'created' | 'adopted';
  readonly invited: boolean;
  /** More is to be done than the record. */
  readonly isUnfinished?: boolean;
  readonly event: string;
  /** The rule, when not the one of creating. */
  readonly decision?: string;
}

/** The record, its externalId, the end of the intent and the audit line: one transaction, one clock reading. */
export async function insertPerson(
  person: NewPerson,
  how: Insertion,
  deps: Dependencies,
  call: Call,
): Promise<PersonLink> {
  const now = new Date(deps.clock.now()).toISOString();
  const id = how.accountId ?? `inv-${crypto.randomUUID()}`;
  const link = {
    id,
    accountId: how.accountId,
    userName: person.userName,
    profile: person.profile,
    wanted: how.wanted,
    suspended: false,
    address: person.address,
    invitedAt: how.invited ? now : undefined,
    origin: how.origin,
    caller: call.caller,
    owner: how.wanted === 'active' ? call.caller : undefined,
    createdAt: now,
    wantedAt: now,
  };
  await deps.store.transaction(async (records) => {
    await records.people.insert(link);
    if (how.isUnfinished === true) await beginMessage(person, records, deps, call);
    if (person.externalId !== undefined) {
      await noteSuperseded(person.externalId, id, records, deps, call);
      await records.people.setExternalId(id, call.caller, person.externalId);
    }
    await records.intents.end('invite', person.address);
    if (how.accountId !== undefined) {
      await records.tombstones.removeAccount(how.accountId);
      // The last scan may be older than the access, also where an earlier message gave it and did not live to record it.
      await records.index.putMember(how.accountId, how.shownIn ?? [], deps.clock.now());
    }
    await records.tombstones.removePending(person.address);
    await audit(records, deps, call, {
      event: how.event,
      subject: id,
      decision: how.decision ?? 'US4',
      result: 'done',
    });
  });
  return { ...link, modifiedAt: now };
}
