import { readMemberships, recordMembership } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import { type Access, type Dependencies, OWN_WRITE_MS } from './dependencies.js';
import { Failure } from './failure.js';
import { knownGroup, readGroup, unbelieved } from './groupReads.js';
import { assertMayRemove } from './memberOwners.js';
import { knownMembers, type Member, unknownMembers } from './members.js';
import type { MemberStep } from './memberships.js';
import { newcomerOf } from './seating.js';
import type { Hold, Records } from './store.js';

export interface PlannedStep {
  readonly member: Member;
  readonly by: MemberStep['by'];
}

/**
 * Takes one person into a group or out of it. Each confirmed write is recorded and audited at once, so that a stop in the
 * middle loses nothing. Holds `person:<id>` around each addition, and around a removal that depends on a person's owner or
 * on what may be about to be given.
 */
export class MemberSteps {
  readonly #groupId: string;
  readonly #decision: string;
  readonly #access: Access;
  readonly #deps: Dependencies;

  /** @param decision what the audit names as the reason of each write */
  constructor(groupId: string, decision: string, access: Access, deps: Dependencies) {
    this.#groupId = groupId;
    this.#decision = decision;
    this.#access = access;
    this.#deps = deps;
  }

  /** @returns whether anything changed */
  async remove(step: PlannedStep, call: Call): Promise<boolean> {
    const { member } = step;
    // What is owed to a person, a scan or a reactivation may be about to give.
    const mayBeGiven = member.accountId === undefined || (await this.#holdsOf(member)).length > 0;
    if (!this.#isGranting && !mayBeGiven) return this.#takeOut(step, call);
    return this.#holding(member, call, async (now, held) => {
      // Two groups may be left side by side, and the person may get another owner meanwhile.
      if (this.#isGranting) await assertMayRemove(this.#groupId, [now], this.#access, this.#deps, held);
      return this.#takeOut({ ...step, member: now }, held);
    });
  }

  async #takeOut({ member, by }: PlannedStep, call: Call): Promise<boolean> {
    const holds = await this.#holdsOf(member);
    // Atlassian hides suspended people from its lists, so for them only the call itself is certain.
    const isHidden = holds.some((hold) => hold.kind === 'suspended');
    const { accountId } = member;
    const mustBeSent = async (account: string): Promise<boolean> => {
      if (by === 'confirm') return this.#isShownIn(account, call);
      // What was to be forgotten may have been given since.
      return by === 'send' || (holds.length === 0 && (await this.#wasGiven(account)));
    };
    if (accountId !== undefined && (isHidden || (await mustBeSent(accountId)))) {
      await this.#leave(member, accountId, call);
      return true;
    }
    if (holds.length === 0) return false;
    await this.#deps.store.transaction(async (records) => {
      await records.holds.remove(member.id, this.#groupId, undefined);
      await this.#audit(records, call, 'group.memberRemoved', member, 'GR4', 'done');
    });
    return true;
  }

  async #leave(member: Member, accountId: string, call: Call): Promise<void> {
    try {
      await this.#deps.directory.removeMember(this.#groupId, accountId, call);
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.kind !== 'notFound' && failure.kind !== 'invalid') {
        throw await this.#failed(failure, 'group.memberRemoved', member, call);
      }
      // A 404 or 400 counts only when the person's groups, read again, no longer show this one.
      if (await this.#isShownIn(accountId, call)) {
        await this.#failed(failure, 'group.memberRemoved', member, call);
        await this.#assertGroup(call);
        throw unbelieved(failure);
      }
    }
    await this.#deps.store.transaction(async (records) => {
      const before = await records.index.person(accountId);
      await recordMembership(records, this.#deps, accountId, this.#groupId, false);
      await records.holds.remove(member.id, this.#groupId, undefined);
      await this.#audit(records, call, 'group.memberRemoved', member, this.#decision, 'done');
      const [last, ...others] = before?.grantingGroupIds ?? [];
      if (last === this.#groupId && others.length === 0)
        await this.#audit(records, call, 'user.accessLost', member, 'GR2', 'done');
    });
  }

  /** @returns whether anything changed */
  async add(step: PlannedStep, call: Call): Promise<boolean> {
    // Also where the group grants nothing: a DELETE leaves what it finds, and nobody may be put there behind its back.
    return this.#holding(step.member, call, async (member, held) => {
      if (await this.#isGone(step.member, member)) throw unknownMembers([member.id]);
      if (member.accountId === undefined) return this.#owe(member, 'US5', held);
      if (this.#isGranting && (await this.#isBarred(member, member.accountId))) return this.#owe(member, 'GR2', held);
      return this.#join({ ...step, member }, held);
    });
  }

  /**
   * Holds the person's lock. Whoever was nobody's record when the message was checked may have become one since, under
   * another id; also while this waits.
   */
  async #holding(member: Member, call: Call, work: (member: Member, held: Call) => Promise<boolean>): Promise<boolean> {
    const { locks } = this.#deps.store;
    for (;;) {
      const { id } = await this.#asRecorded(member);
      const locked = async (held: Call): Promise<boolean | undefined> => {
        const now = await this.#asRecorded(member);
        return now.id === id ? work(now, held) : undefined;
      };
      const done = await locks.withLock(`person:${id}`, call, locked);
      if (done !== undefined) return done;
    }
  }

  /** The person as the records have it now. */
  async #asRecorded(member: Member): Promise<Member> {
    const { people } = this.#deps.store;
    const link =
      (await people.find(member.id)) ??
      (member.accountId === undefined ? undefined : await people.findByAccount(member.accountId));
    return link === undefined ? { ...member, link } : { id: link.id, accountId: link.accountId, link };
  }

  /** Whoever is recorded inactive, or was deleted, gets no access through a group (rule GR2). */
  async #isBarred({ link }: Member, accountId: string): Promise<boolean> {
    if (link !== undefined) return link.wanted === 'inactive';
    return (await this.#deps.store.tombstones.findByAccount(accountId)).length > 0;
  }

  /**
   * Whether a DELETE has come first: of the record that the person had, or of the access by which alone somebody without
   * a record is a SCIM User (rule ID2).
   */
  async #isGone(before: Member, { id, accountId, link }: Member): Promise<boolean> {
    if (link !== undefined) return false;
    const wasTaken = before.link !== undefined || (accountId !== undefined && (await this.#hasLostAccess(accountId)));
    return wasTaken && !(await knownMembers([id], this.#deps)).has(id);
  }

  /** By our own writes of the last ten minutes. */
  async #hasLostAccess(accountId: string): Promise<boolean> {
    const own = await this.#ownWrites(accountId);
    return [...own].some(([groupId, isMember]) => !isMember && this.#access.granting.has(groupId));
  }

  /** The membership is kept here until the account appears or the person is reactivated. */
  async #owe(member: Member, decision: string, call: Call): Promise<boolean> {
    if ((await this.#holdsOf(member)).length > 0) return false;
    await this.#deps.store.transaction(async (records) => {
      await records.holds.put({ personId: member.id, groupId: this.#groupId, kind: 'owed' });
      await this.#audit(records, call, 'group.memberOwed', member, decision, 'noted');
    });
    return true;
  }

  async #join({ member, by }: PlannedStep, call: Call): Promise<boolean> {
    const { accountId } = member;
    if (accountId === undefined) return this.#owe(member, 'US5', call);
    if ((await this.#holdsOf(member)).some((hold) => hold.kind === 'suspended')) return false;
    if (by === 'confirm' && (await this.#listed(accountId, call)).has(this.#groupId)) {
      await this.#deps.store.holds.remove(member.id, this.#groupId, 'owed');
      return false;
    }
    if (!this.#isGranting) return this.#send(member, accountId, call);
    try {
      return await this.#deps.seats.hold(newcomerOf(member), call, (giving) =>
        giving(() => this.#send(member, accountId, call)),
      );
    } catch (error) {
      const failure = Failure.from(error);
      throw failure.refusedBy === undefined ? failure : await this.#failed(failure, 'group.memberAdded', member, call);
    }
  }

  async #send(member: Member, accountId: string, call: Call): Promise<boolean> {
    // Until it is answered nobody knows whether it happened; a leaver then leaves this group, too (rule US2).
    await this.#deps.store.writes.attempt(accountId, this.#groupId, this.#deps.clock.now());
    try {
      await this.#deps.directory.addMember(this.#groupId, accountId, call);
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.kind !== 'notFound' && failure.kind !== 'invalid')
        throw await this.#failed(failure, 'group.memberAdded', member, call);
      return this.#settleUnknown(member, accountId, failure, call);
    }
    await this.#deps.store.transaction(async (records) => {
      await recordMembership(records, this.#deps, accountId, this.#groupId, true);
      await records.holds.remove(member.id, this.#groupId, 'owed');
      if (member.link?.suspended === true) {
        await records.holds.put({ personId: member.id, groupId: this.#groupId, kind: 'suspended' });
      }
      await this.#audit(records, call, 'group.memberAdded', member, this.#decision, 'done');
    });
    return true;
  }

  /** Atlassian does not know one of the two: the group (then nobody can be added), or the account on this site. */
  async #settleUnknown(member: Member, accountId: string, failure: Failure, call: Call): Promise<boolean> {
    await this.#assertGroup(call);
    // Who is in other groups is known on the site, so that a 404 says nothing about the person.
    const isKnown = failure.kind === 'notFound' && (await this.#listed(accountId, call)).size > 0;
    // A leaver without any access left may be gone from the site; the membership waits for reactivation (rule GR4).
    if (!isKnown && member.link?.wanted === 'inactive') return this.#owe(member, 'GR4', call);
    await this.#failed(failure, 'group.memberAdded', member, call);
    if (isKnown) throw unbelieved(failure);
    throw new Failure(
      'invalid',
      `members names ${JSON.stringify(member.id)}, whose account Atlassian does not know on this site. Give the person access to Confluence first, then send it again.`,
      { cause: failure },
    );
  }

  /** @throws Failure `notFound` when the group is gone, which its own id has to say (rule SA2) */
  async #assertGroup(call: Call): Promise<void> {
    await readGroup(await knownGroup(this.#groupId, this.#deps), this.#deps, call);
  }

  get #isGranting(): boolean {
    return this.#access.granting.has(this.#groupId);
  }

  /** By our own writes of the last ten minutes. */
  async #wasGiven(accountId: string): Promise<boolean> {
    return (await this.#ownWrites(accountId)).get(this.#groupId) === true;
  }

  #ownWrites(accountId: string): Promise<ReadonlyMap<string, boolean>> {
    return this.#deps.store.writes.membershipsOf(accountId, this.#deps.clock.now() - OWN_WRITE_MS);
  }

  /** For removals: "no" is believed of an empty read only after a control read (rule SA2). */
  async #isShownIn(accountId: string, call: Call): Promise<boolean> {
    return (await readMemberships(accountId, this.#deps, this.#access, call)).read.has(this.#groupId);
  }

  /** The groups that a read shows of a person. For additions: a wrong "no" only repeats a write. */
  async #listed(accountId: string, call: Call): Promise<ReadonlySet<string>> {
    return (await readMemberships(accountId, this.#deps, this.#access, call, 'giving')).read;
  }

  async #holdsOf(member: Member): Promise<readonly Hold[]> {
    return (await this.#deps.store.holds.ofPerson(member.id)).filter((hold) => hold.groupId === this.#groupId);
  }

  async #failed(failure: Failure, event: string, member: Member, call: Call): Promise<Failure> {
    const result =
      failure.kind === 'refused' || failure.kind === 'invalid' || failure.kind === 'notFound' ? 'refused' : 'failed';
    await this.#audit(this.#deps.store, call, event, member, failure.refusedBy ?? this.#decision, result);
    return failure;
  }

  #audit(
    records: Records,
    call: Call,
    event: string,
    member: Member,
    decision: string,
    result: 'done' | 'refused' | 'failed' | 'noted',
  ): Promise<void> {
    return audit(records, this.#deps, call, { event, subject: member.id, object: this.#groupId, decision, result });
  }
}
