import type { Call } from '../provisioning/call.js';
import { OWN_WRITE_MS } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { type Member, protectionOf } from '../provisioning/members.js';
import { readMembers } from '../roster/members.js';
import type { AccountSet } from '../store/accountSet.js';
import type { Progress } from '../terminal.js';
import type { Asking } from '../why/confluence.js';
import type { Drift, Finding, Unread } from './findings.js';

/** What a comparison is made with. It reads and never writes, neither upstream nor in the store. */
export interface Comparing extends Asking {
  readonly openSet: () => AccountSet;
  /** A call with time enough to read the largest group. */
  readonly openCall: () => Call;
  readonly progress: Progress;
}

/** What the parts of a comparison come to; they collect into it as they go. */
export class Collected implements Drift {
  readonly findings: Finding[] = [];
  readonly unread: Unread[] = [];
  readonly remarks: string[] = [];

  /** Runs one part, which collects what it finds only once it knows all of it: a failed read leaves it out (rule SA2). */
  async part(name: string, compare: () => Promise<void>): Promise<void> {
    try {
      await compare();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.unread.push({ part: name, reason: error.message });
    }
  }
}

/** Rows of one query, and people of one `users-bulk`, which takes 250. */
export const PAGE_SIZE = 200;

/** People looked at one by one at the same time; each costs one to three calls. */
export const MOST_AT_ONCE = 4;

/** Differences younger than this may be a read that lags behind a write of ours, or a write under way (rule US2). */
export function isRecent(iso: string, { clock }: Pick<Comparing, 'clock'>): boolean {
  return Date.parse(iso) > clock.now() - OWN_WRITE_MS;
}

/** Whom SCIM never changes (rule SA8). */
export type Protects = (member: Member) => boolean;

export async function protectionIn({ questions, records }: Comparing): Promise<Protects> {
  const { accountId } = await questions.currentUser();
  return protectionOf({ settings: questions.config, store: records, ownAccountId: () => accountId });
}

/** Page after page of rows in the order of their ids, until there are none. */
export async function* inPages<T>(
  read: (afterId: string, limit: number) => Promise<readonly T[]>,
  idOf: (row: T) => string,
): AsyncIterable<readonly T[]> {
  for (let afterId = ''; ;) {
    const rows = await read(afterId, PAGE_SIZE);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    afterId = idOf(last);
  }
}

/**
 * Reads the members of groups into a set, page by page.
 *
 * @param who    `people`: without apps, customers and guests
 * @returns group id to the number of members read, apps included
 * @throws Failure when any page cannot be read
 */
export async function readMembersInto(
  set: AccountSet,
  groupIds: readonly string[],
  who: 'people' | 'everybody',
  { questions, openCall, progress }: Comparing,
): Promise<ReadonlyMap<string, number>> {
  const stopping = new AbortController();
  const call = openCall();
  const into = {
    addMembers: (_groupId: string, members: readonly { readonly accountId: string; readonly kind: string }[]) => {
      const wanted = members.filter(({ kind }) => who === 'everybody' || kind === 'atlassian');
      set.add(wanted.map(({ accountId }) => accountId));
      progress.step();
      return Promise.resolve();
    },
  };
  const signal = AbortSignal.any([call.signal, stopping.signal]);
  return readMembers(groupIds, into, await questions.directory(), { ...call, signal }, () => stopping.abort());
}
