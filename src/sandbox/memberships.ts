/** Who is in which group, readable from both ends in constant time. */
export interface Memberships {
  add(groupId: string, accountId: string): void;
  remove(groupId: string, accountId: string): void;
  has(groupId: string, accountId: string): boolean;
  /** In order of joining. */
  membersOf(groupId: string): ReadonlySet<string>;
  groupsOf(accountId: string): ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();

export function createMemberships(): Memberships {
  const members = new Map<string, Set<string>>();
  const groups = new Map<string, Set<string>>();

  return {
    add(groupId, accountId) {
      setOf(members, groupId).add(accountId);
      setOf(groups, accountId).add(groupId);
    },
    remove(groupId, accountId) {
      members.get(groupId)?.delete(accountId);
      groups.get(accountId)?.delete(groupId);
    },
    has: (groupId, accountId) => members.get(groupId)?.has(accountId) ?? false,
    membersOf: (groupId) => members.get(groupId) ?? NOBODY,
    groupsOf: (accountId) => groups.get(accountId) ?? NOBODY,
  };
}

function setOf(sets: Map<string, Set<string>>, key: string): Set<string> {
  const existing = sets.get(key);
  if (existing !== undefined) return existing;
  const made = new Set<string>();
  sets.set(key, made);
  return made;
}
