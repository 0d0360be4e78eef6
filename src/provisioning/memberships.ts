/** Which of the given members a filter of the message matches (`members[…]`, rule GR6). */
export type MemberMatch = (memberIds: readonly string[]) => readonly string[];

/**
 * What a whole message makes of a group's members, its operations folded (rule GR5). Read in this order: the list is
 * replaced, `remove` and what `removeMatching` matches leave it, `add` joins it.
 */
export interface MemberChange {
  /** SCIM ids. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** The whole list, from PUT, `replace` and clearing. */
  readonly replaceWith?: readonly string[];
  readonly removeMatching?: MemberMatch;
  /** A removal without a value was among the operations: it names everybody (rule GR6). */
  readonly removesAll?: boolean;
}

/** What is known of a group's members before a change, in SCIM ids. */
export interface MemberEvidence {
  /** What Confluence shows; undefined when the group was not read. */
  readonly read: ReadonlySet<string> | undefined;
  /** Our own writes of the last ten minutes: whether they made the person a member. */
  readonly own: ReadonlyMap<string, boolean>;
  /** Whom we have sent to be added within ten minutes, without a confirmation so far. */
  readonly unconfirmed: ReadonlySet<string>;
  /** Members that are kept in the store (holds) and shown. */
  readonly held: ReadonlySet<string>;
}

/**
 * One person to take in or out, and how: `send` the call; `confirm` first, by a look at the person's groups, that it is
 * needed at all, because our own write of the last ten minutes already says so; or `forget` what the store alone keeps.
 */
export interface MemberStep {
  readonly id: string;
  readonly by: 'send' | 'confirm' | 'forget';
}

export interface MemberPlan {
  readonly remove: readonly MemberStep[];
  readonly add: readonly MemberStep[];
}

/**
 * What has to be done so that a group's members become what a change asks for.
 *
 * Takes the safe side of reads that lag behind our own writes (rule US2): whoever either of them shows is removed, and
 * whoever either of them does not show is added. An addition that nobody confirmed is no evidence of either: it is sent
 * again, so that its line is in the audit (rule SA10), or taken back. Where nothing was read, every person named is a step.
 */
export function planMembers(change: MemberChange, evidence: MemberEvidence): MemberPlan {
  const { read, own, unconfirmed, held } = evidence;
  const possible = distinct([
    ...(read ?? []),
    ...[...own].flatMap(([id, isMember]) => (isMember ? [id] : [])),
    ...unconfirmed,
    ...held,
  ]);

  const wanted = wantedMembers(change);
  const leaving = new Set([
    ...change.remove,
    ...(change.removeMatching?.(possible) ?? []),
    ...(change.replaceWith === undefined ? [] : possible),
  ]);

  const mayBeIn = (id: string): boolean => read?.has(id) === true || own.get(id) === true || unconfirmed.has(id);
  const removal = (id: string): MemberStep[] => {
    if (read === undefined) return [{ id, by: own.get(id) === false && !unconfirmed.has(id) ? 'confirm' : 'send' }];
    if (mayBeIn(id)) return [{ id, by: 'send' }];
    return held.has(id) ? [{ id, by: 'forget' }] : [];
  };
  const addition = (id: string): MemberStep[] => {
    if (read === undefined) return [{ id, by: own.get(id) === true ? 'confirm' : 'send' }];
    return read.has(id) && own.get(id) !== false && !unconfirmed.has(id) ? [] : [{ id, by: 'send' }];
  };
  return {
    remove: [...leaving].filter((id) => !wanted.has(id)).flatMap(removal),
    add: [...wanted].flatMap(addition),
  };
}

/** Everybody whom a change names as a member. */
export function wantedMembers({ add, remove, replaceWith = [], removeMatching }: MemberChange): Set<string> {
  const dropped = new Set([...remove, ...(removeMatching?.(replaceWith) ?? [])]);
  return new Set([...add, ...replaceWith.filter((id) => !dropped.has(id))]);
}

/** Members on one page of Confluence. */
export const MEMBERS_PER_PAGE = 200;

/**
 * Whether reading a group first spares calls (rule GR5): the message names more people than the group has pages. Of a
 * group that is surely empty nothing can be spared when people are only added.
 */
export function isReadingCheaper(change: MemberChange, memberCount: number): boolean {
  if (memberCount === 0 && change.remove.length === 0) return false;
  const pages = Math.max(1, Math.ceil(memberCount / MEMBERS_PER_PAGE));
  return change.add.length + change.remove.length > pages;
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
