import type { Records, PersonLink, Tombstone } from '../provisioning/store.js';

/** A person that a question is about, as the records know them. */
export interface PersonSubject {
  /** SCIM id; the account id for somebody whom nobody provisioned or adopted. */
  readonly id: string;
  readonly accountId: string | undefined;
  readonly link: PersonLink | undefined;
  /** What a DELETE left, for somebody without a link. */
  readonly tombstone: Tombstone | undefined;
  /** Every id the audit may have them under. */
  readonly auditIds: readonly string[];
}

/**
 * Who is meant by an e-mail address, userName, SCIM id or account id, by the records alone. People on record come before
 * those whom only the index has seen, and these before deleted ones.
 */
export async function findPeople(key: string, records: Records): Promise<readonly PersonSubject[]> {
  const links = await linksOf(key, records);
  if (links.length > 0) return Promise.all(links.map((link) => linkedSubject(link, records)));

  const indexed = [await records.index.person(key), ...(await records.index.findByAddress(key))];
  const unlinked: PersonSubject[] = [];
  for (const person of indexed) {
    if (person?.kind !== 'atlassian' || unlinked.some(({ id }) => id === person.accountId)) continue;
    const link = await records.people.findByAccount(person.accountId);
    unlinked.push(
      await (link === undefined ? accountSubject(person.accountId, records) : linkedSubject(link, records)),
    );
  }
  if (unlinked.length > 0) return unlinked;

  const found = [
    await records.tombstones.find(key),
    ...(await records.tombstones.findByAccount(key)),
    ...(await records.tombstones.findByAddress(key)),
  ];
  const tombstones = new Map(found.flatMap((one) => (one === undefined ? [] : [[one.id, one]])));
  return [...tombstones.values()].map((tombstone) => ({
    id: tombstone.id,
    accountId: tombstone.accountId,
    link: undefined,
    tombstone,
    auditIds: distinct([tombstone.id, tombstone.accountId]),
  }));
}

/** Somebody whom no record names, by the account that Confluence has. */
export async function accountSubject(accountId: string, records: Records): Promise<PersonSubject> {
  const tombstones = await records.tombstones.findByAccount(accountId);
  return {
    id: accountId,
    accountId,
    link: undefined,
    tombstone: tombstones.at(-1),
    auditIds: distinct([accountId, ...tombstones.map(({ id }) => id)]),
  };
}

export async function linkedSubject(link: PersonLink, records: Records): Promise<PersonSubject> {
  const earlier = link.accountId === undefined ? [] : await records.tombstones.findByAccount(link.accountId);
  return {
    id: link.id,
    accountId: link.accountId,
    link,
    tombstone: undefined,
    auditIds: distinct([link.id, link.accountId, ...earlier.map(({ id }) => id)]),
  };
}

async function linksOf(key: string, { people }: Records): Promise<readonly PersonLink[]> {
  const byId = (await people.find(key)) ?? (await people.findByAccount(key));
  if (byId !== undefined) return [byId];
  const found = [await people.findByUserName(key), ...(await people.findByAddress(key))];
  return [...new Map(found.flatMap((link) => (link === undefined ? [] : [[link.id, link]]))).values()];
}

/**
 * Ids of the groups that an id or a name, recorded or Confluence's, may mean. An id is one, whatever groups are called.
 */
export async function findGroupIds(key: string, records: Records): Promise<readonly string[]> {
  const isId =
    (await records.groups.find(key)) !== undefined ||
    (await records.index.group(key)) !== undefined ||
    (await records.tombstones.isGroupBuried(key));
  return isId ? [key] : records.groups.idsNamed(key);
}

function distinct(ids: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(ids.filter((id) => id !== undefined))];
}
