import { assertWritableGroup, readMemberships } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import type { UpstreamGroup } from './directory.js';
import { Failure } from './failure.js';
import { assertPossibleName, displayNameOf, isSameName } from './groupNames.js';
import { knownGroup, readGroup } from './groupReads.js';
import { assertMembersKnown, findMembers, type Member, protectionOf } from './members.js';
import type { MemberChange, MemberPlan } from './memberships.js';
import { refusing } from './refusals.js';
import type { GroupLink } from './store.js';

/** A whole PATCH or PUT of a group. What is absent stays as it is. */
export interface GroupChange extends MemberChange {
  readonly displayName?: string;
  /** `undefined` or the empty string takes the caller's externalId away. */
  readonly externalId?: { readonly value: string | undefined };
  /** What is wrong with the message once the group exists: for an unknown one the answer is `notFound` (rule US11). */
  readonly refusal?: Failure;
}

/** A change that nothing but its members, once they are read, can still refuse. */
export interface CheckedChange {
  readonly group: UpstreamGroup;
  /** Without removals of ids that are nobody's: those take nobody (rule GR4). */
  readonly change: GroupChange;
  /** Undefined when the name stays. */
  readonly renameTo: string | undefined;
  /** Everybody the message names, by SCIM id. */
  readonly people: ReadonlyMap<string, Member>;
  readonly access: Access;
}

/**
 * Checks a change before anything is recorded or written; no upstream call for groups and people that are known.
 *
 * @throws Failure `notFound`, `forbidden` (rules GR1, SA8), `invalid` (GR3, GR4), `unsupported` (`GROUP_RENAMES=reject`)
 */
export async function checkChange(
  id: string,
  change: GroupChange,
  deps: Dependencies,
  call: Call,
): Promise<CheckedChange> {
  const attempt = { event: 'group.changed', subject: id };
  const known = await knownGroup(id, deps);
  const group = known.indexed ?? (await readGroup(known, deps, call));
  const { refusal } = change;
  if (refusal !== undefined) {
    await refusing(refusal.scimType ?? refusal.kind, attempt, deps, call, () => {
      throw refusal;
    });
  }
  const access = await deps.roster.access(call);
  await refusing('GR1', attempt, deps, call, () => assertWritableGroup(group, known.link, access, deps.settings));
  const renameTo = await refusing('GR3', attempt, deps, call, () => newName(change, group, known.link, deps));
  const joining = [...new Set([...change.add, ...(change.replaceWith ?? [])])];
  const added = await refusing('GR4', attempt, deps, call, () => assertMembersKnown(joining, deps, access, call));
  const removed = await findMembers(change.remove, deps, call);
  await refusing('SA8', attempt, deps, call, async () => {
    const isProtected = await protectionOf(deps);
    if ([...removed.values()].some(isProtected)) throw protectedMember();
  });
  return {
    group,
    change: { ...change, remove: change.remove.filter((memberId) => removed.has(memberId)) },
    renameTo,
    people: new Map([...removed, ...added]),
    access,
  };
}

function newName(
  change: GroupChange,
  group: UpstreamGroup,
  link: GroupLink | undefined,
  deps: Dependencies,
): string | undefined {
  const { displayName } = change;
  const current = displayNameOf(group, link);
  if (displayName === undefined || displayName === current) return undefined;
  assertPossibleName(displayName);
  if (deps.settings.groupRenames === 'record') return displayName;
  // Names compare without regard to case, so other letters alone are no new name.
  if (isSameName(displayName, current)) return undefined;
  throw new Failure(
    'unsupported',
    `Confluence Cloud cannot rename the group ${JSON.stringify(current)}. Keep its displayName, or have the operator set GROUP_RENAMES=record.`,
  );
}

/**
 * Keeps protected people as they are (rules SA8, GR7): one who is merely left out of a list stays a member, audited; one
 * who would have to join is refused, unless a look at the person's groups shows that there is nothing to do.
 *
 * @throws Failure `forbidden`
 */
export async function sparingProtected(
  plan: MemberPlan,
  people: ReadonlyMap<string, Member>,
  groupId: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<MemberPlan> {
  const isProtected = await protectionOf(deps);
  const spared = new Set<string>();
  for (const { id } of [...plan.remove, ...plan.add]) {
    const member = people.get(id);
    if (member !== undefined && isProtected(member)) spared.add(id);
  }
  if (spared.size === 0) return plan;
  for (const { id } of plan.add.filter((step) => spared.has(step.id))) {
    await assertMemberAlready(people.get(id)?.accountId, groupId, access, deps, call);
  }
  for (const { id } of plan.remove.filter((step) => spared.has(step.id))) {
    await audit(deps.store, deps, call, {
      event: 'group.memberKept',
      subject: id,
      object: groupId,
      decision: 'GR7',
      result: 'noted',
    });
  }
  return {
    remove: plan.remove.filter((step) => !spared.has(step.id)),
    add: plan.add.filter((step) => !spared.has(step.id)),
  };
}

async function assertMemberAlready(
  accountId: string | undefined,
  groupId: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  if (accountId !== undefined) {
    const { read } = await readMemberships(accountId, deps, access, call, 'giving');
    if (read.has(groupId)) return;
  }
  await refusing('SA8', { event: 'group.changed', subject: groupId }, deps, call, () => {
    throw protectedMember();
  });
}

export function protectedMember(): Failure {
  return new Failure(
    'forbidden',
    'members names a person who is protected and whose groups SCIM never changes. Leave the person out of the assignment, or have the operator change PROTECTED_USERS.',
  );
}
