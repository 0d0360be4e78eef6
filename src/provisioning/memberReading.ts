import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { UpstreamAccount } from './directory.js';
import {
  type KnownGroup,
  noteMemberCount,
  readAllMembers,
  readGroup,
  readGroupAndMembers,
  unlessGone,
} from './groupReads.js';
import { isReadingCheaper, type MemberChange, MEMBERS_PER_PAGE } from './memberships.js';

/**
 * Reads a group's members as far as a change needs them: all of them for a whole list or a filter; for people named, where
 * that spares calls (rule GR5).
 *
 * @returns undefined when nothing was read and each person named is one call
 */
export async function readForChange(
  known: KnownGroup,
  change: MemberChange,
  deps: Dependencies,
  call: Call,
): Promise<readonly UpstreamAccount[] | undefined> {
  if (change.replaceWith !== undefined || change.removeMatching !== undefined) {
    return (await readGroupAndMembers(known, deps, call)).accounts;
  }
  // A page costs as much as one person.
  if (change.add.length + change.remove.length <= 1) return undefined;
  const accounts = await readWhereCheaper(known, change, deps, call);
  // That there is nobody to remove is believed only when the group answers by its id (rule SA2).
  if (accounts?.length === 0 && change.remove.length > 0) await readGroup(known, deps, call);
  return accounts;
}

async function readWhereCheaper(
  known: KnownGroup,
  change: MemberChange,
  deps: Dependencies,
  call: Call,
): Promise<readonly UpstreamAccount[] | undefined> {
  let memberCount = known.link?.memberCount;
  if (memberCount === undefined) {
    const page = { start: 0, limit: MEMBERS_PER_PAGE, withTotal: true };
    const first = await unlessGone(known, () => deps.directory.listMembers(known.id, page, call), deps, call);
    if (first.next === undefined) {
      await noteMemberCount(known.link, first.members.length, deps);
      return first.members;
    }
    if (first.totalSize === undefined) return undefined;
    memberCount = first.totalSize;
    await noteMemberCount(known.link, memberCount, deps);
  }
  if (!isReadingCheaper(change, memberCount)) return undefined;
  const accounts = await readAllMembers(known, deps, call);
  await noteMemberCount(known.link, accounts.length, deps);
  return accounts;
}
