import PQueue from 'p-queue';
import type { Call } from '../provisioning/call.js';
import type { Directory, MembersPage, UpstreamAccount } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { IndexScan } from '../provisioning/indexRecords.js';
import { together } from './together.js';

/** The most that Atlassian gives at once. */
const PAGE_SIZE = 200;

/** Empty pages in a row after which a listing that goes on is not believed: more people than any group has suspended. */
const MOST_EMPTY_PAGES = 100;

/** Pages that are on their way at once, over all groups: what a scan holds in memory, and takes from the requests. */
const PAGES_AT_ONCE = 4;

/**
 * Reads every member of every group into a scan, page by page. The pages of a large group come in parallel too, planned
 * from the total that comes with its first page.
 *
 * Pages are cut by offset, so that a member who leaves between two pages hides another one who stays. Totals that fall
 * give that away, and the group is read once more.
 *
 * @param stop aborts `call`, when a page fails
 * @returns group id to the number of members read, apps included
 * @throws Failure of the page that failed first, once no other page is under way
 */
export async function readMembers(
  groupIds: readonly string[],
  into: Pick<IndexScan, 'addMembers'>,
  directory: Directory,
  call: Call,
  stop: () => void,
): Promise<ReadonlyMap<string, number>> {
  const queue = new PQueue({ concurrency: PAGES_AT_ONCE });
  const counts = new Map(groupIds.map((groupId) => [groupId, 0]));

  const readPage = (groupId: string, start: number, withTotal: boolean): Promise<MembersPage> =>
    queue.add(async () => {
      call.signal.throwIfAborted();
      const page = await directory.listMembers(groupId, { start, limit: PAGE_SIZE, withTotal }, call);
      await into.addMembers(groupId, page.members.map(toIndexed));
      counts.set(groupId, (counts.get(groupId) ?? 0) + page.members.length);
      return page;
    });

  // Atlassian may lower the size of its pages: `next` then leads through a stretch, up to where the following one begins.
  const readStretch = async (
    groupId: string,
    start: number,
    end: number,
    ranges: Set<string>,
  ): Promise<MembersPage | undefined> => {
    // The last stretch has no end but Atlassian's own; with the total it sees that a full last page is the last.
    const isLast = end === Infinity;
    let page: MembersPage | undefined;
    let emptyPages = 0;
    for (let at = start; at < end;) {
      page = await readPage(groupId, at, isLast);
      noteRange(page, ranges);
      if (page.next === undefined) break;
      emptyPages = page.members.length === 0 ? emptyPages + 1 : 0;
      if (page.next <= at || emptyPages > MOST_EMPTY_PAGES) throw notMoving();
      at = page.next;
    }
    return page;
  };

  /** @returns whether somebody left meanwhile, and may have moved another member from an unread page to a read one */
  const hasShrunkOver = async (groupId: string): Promise<boolean> => {
    const ranges = new Set<string>();
    const first = await readPage(groupId, 0, true);
    noteRange(first, ranges);
    if (first.next === undefined) return false;
    const starts = [first.next];
    for (let start = 2 * PAGE_SIZE; start < (first.totalSize ?? 0); start += PAGE_SIZE) starts.push(start);
    const lastStart = starts.pop() ?? first.next;
    const stretches = starts.map((start, at) => readStretch(groupId, start, starts[at + 1] ?? lastStart, ranges));
    await together(stretches, stop);
    // After the others, so that its total tells of all the time that they took.
    const last = await readStretch(groupId, lastStart, Infinity, ranges);
    return last?.totalSize !== undefined && last.totalSize < (first.totalSize ?? 0);
  };

  // Read again, such a group loses nobody: what both readings found is kept, and the next scan is more exact.
  const readGroup = async (groupId: string): Promise<void> => {
    if (await hasShrunkOver(groupId)) await hasShrunkOver(groupId);
  };

  await together(groupIds.map(readGroup), stop);
  return counts;
}

/** Two pages from the same person to the same are one: a server that ignores where a page is to start hides the others. */
function noteRange({ members }: MembersPage, ranges: Set<string>): void {
  const [first] = members;
  if (first === undefined) return;
  const range = `${first.accountId} ${members.at(-1)?.accountId ?? ''}`;
  if (ranges.has(range)) throw notMoving();
  ranges.add(range);
}

function notMoving(): Failure {
  return new Failure('unexpected', 'Atlassian lists the members of a group without moving on.');
}

function toIndexed(account: UpstreamAccount): Parameters<IndexScan['addMembers']>[1][number] {
  return {
    accountId: account.accountId,
    kind: account.accountType === 'atlassian' ? 'atlassian' : 'other',
    email: account.email,
  };
}
