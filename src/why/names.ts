import type { Records } from '../provisioning/store.js';

/** What people and groups are called, for people to read; an id that nobody knows stands for itself. */
export interface Names {
  readonly ofGroup: (groupId: string) => string;
  readonly ofPerson: (personId: string) => string;
}

const IDS_PER_QUERY = 500;

/**
 * @param ids   of whatever is to be named, people and groups alike
 * @param known group names that Confluence has just told
 */
export async function readNames(
  ids: Iterable<string>,
  records: Records,
  known: ReadonlyMap<string, string> = new Map(),
): Promise<Names> {
  const wanted = [...new Set(ids)];
  const groups = new Map(known);
  const people = new Map<string, string>();
  for (let start = 0; start < wanted.length; start += IDS_PER_QUERY) {
    const some = wanted.slice(start, start + IDS_PER_QUERY);
    for (const link of await records.people.findByIds(some)) people.set(link.id, link.userName);
    for (const link of await records.people.findByAccounts(some)) {
      if (link.accountId !== undefined) people.set(link.accountId, link.userName);
    }
  }
  for (const id of wanted) {
    if (people.has(id)) continue;
    const link = await records.groups.find(id);
    const name = link?.displayName ?? known.get(id) ?? (await records.index.group(id))?.name;
    if (name !== undefined) groups.set(id, name);
  }
  return {
    ofGroup: (id) => quoted(groups.get(id), id),
    ofPerson: (id) => people.get(id) ?? id,
  };
}

function quoted(name: string | undefined, id: string): string {
  return name === undefined ? `the group ${id}` : `"${name}"`;
}
