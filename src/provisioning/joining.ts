import { controlRead, recordMembership } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Access, Dependencies } from './dependencies.js';
import { Failure } from './failure.js';

/**
 * Puts an account into groups, the granting ones first; each confirmed one is recorded at once. An attempt is
 * noted first, so that a deactivation that follows a lost answer leaves that group, too.
 *
 * @throws Failure `refused` when no seat is free, or when Atlassian does not know the account on the site any more
 */
export async function joinGroups(
  person: { readonly id: string; readonly accountId: string },
  groupIds: readonly string[],
  decision: string,
  access: Access,
  deps: Dependencies,
  call: Call,
): Promise<void> {
  const ordered = [...groupIds].sort((a, b) => Number(access.granting.has(b)) - Number(access.granting.has(a)));
  for (const groupId of ordered) {
    const before = call.upstream.length;
    const entry = { event: 'group.memberAdded', subject: person.id, object: groupId, decision } as const;
    if (access.granting.has(groupId)) await deps.store.writes.attempt(person.accountId, groupId, deps.clock.now());
    try {
      await deps.directory.addMember(groupId, person.accountId, call);
    } catch (error) {
      const failure = Failure.from(error);
      await audit(deps.store, deps, call, {
        ...entry,
        result: ['refused', 'invalid', 'notFound'].includes(failure.kind) ? 'refused' : 'failed',
        upstream: call.upstream.slice(before),
      });
      // An owed group that was deleted meanwhile is owed no more; a granting one must not be skipped silently.
      if (failure.kind === 'notFound' && !access.granting.has(groupId)) continue;
      // 404 or 400: who has left the site's directory can be put into no group.
      if (failure.kind !== 'notFound' && failure.kind !== 'invalid') throw failure;
      // Atlassian says 404 also to a credential that lost its rights (rule SA2).
      await controlRead(deps, access, call);
      throw new Failure(
        'refused',
        'Atlassian does not know this account on the site any more, so access could not be given. Invite the person in Atlassian administration, then send it again.',
        { cause: failure },
      );
    }
    await deps.store.transaction(async (records) => {
      await recordMembership(records, deps, person.accountId, groupId, true);
      await audit(records, deps, call, { ...entry, result: 'done', upstream: call.upstream.slice(before) });
    });
  }
}
