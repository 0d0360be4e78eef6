import { Failure } from '../provisioning/failure.js';
import type { Call } from '../provisioning/call.js';
import { listedView, type PersonKey } from '../provisioning/people.js';
import type { ListedPerson } from '../provisioning/indexRecords.js';
import type { JsonObject } from '../provisioning/store.js';
import type { PersonView } from '../provisioning/views.js';
import type { Bridge } from './context.js';
import type { Filter } from './filter.js';
import { answerList, type Found, windowOf } from './listResponse.js';
import { toUser } from './mapping.js';
import { matches, selects, type Truth } from './match.js';
import { attributesOf, narrow, type LookUp } from './narrow.js';
import type { ListQuery } from './queryParameters.js';

/** How many rows a walk over links and index reads at a time. */
const CHUNK = 500;
/** The most people whose details one filter may ask Atlassian for (rule LI3). */
const MAX_CANDIDATES = 200;
/** What of an unlinked person Atlassian alone knows; the index knows the rest, or that they have no such attribute. */
const DETAILS: ReadonlySet<string> = new Set(['username', 'displayname', 'name', 'emails']);
/** The index knows who has access, and not whose account Atlassian has switched off. */
const DETAILS_AND_STATUS: ReadonlySet<string> = new Set([...DETAILS, 'active']);
/** `groups` is left out of lists (rule LI2); a password is nowhere. */
const UNANSWERABLE = ['groups', 'password'];

/** `GET /Users` (rules LI1 to LI3): exact totals, stable order, an empty page past the end. */
export function listUsers(query: ListQuery, bridge: Bridge, call: Call): Promise<object> {
  return answerList(query, 'User', () => findUsers(query, bridge, call));
}

/** @param query `startIndex` from 1; `count` may be 0 */
export async function findUsers(
  query: Pick<ListQuery, 'filter' | 'startIndex' | 'count'>,
  bridge: Bridge,
  call: Call,
): Promise<Found> {
  const { filter } = query;
  const lookUps = filter === undefined ? undefined : narrow(filter, 'User');
  if (filter !== undefined) assertAnswerable(filter);
  if (filter !== undefined && lookUps !== undefined) return lookUp(filter, lookUps, query, bridge, call);
  const { roster, store } = bridge.deps;
  await (query.startIndex === 1 ? roster.fresh(call) : roster.ready(call));
  if (filter !== undefined) return walk(filter, query, bridge, call);
  const total = await store.index.countPeople();
  if (query.count === 0) return { total, resources: [] };
  const rows = await store.index.listPeople(call.caller, { offset: query.startIndex - 1, limit: query.count });
  return { total, resources: await represent(rows, bridge, call) };
}

function assertAnswerable(filter: Filter): void {
  const asked = UNANSWERABLE.find((name) => attributesOf(filter, 'User').has(name));
  if (asked !== undefined) throw unanswerable(`${asked} cannot be filtered by.`);
}

function unanswerable(what: string): Failure {
  return new Failure(
    'invalid',
    `${what} Filter by eq on userName, emails.value, externalId, id or active, and combine these with and.`,
    { scimType: 'invalidFilter' },
  );
}

async function represent(rows: readonly ListedPerson[], bridge: Bridge, call: Call): Promise<JsonObject[]> {
  return (await bridge.people.views(rows, call)).map((view) => toUser(view, bridge.baseUrl));
}

/** Few people can match: they are looked up, and the filter decides over what was found. */
async function lookUp(
  filter: Filter,
  lookUps: readonly LookUp[],
  query: Pick<ListQuery, 'startIndex' | 'count'>,
  bridge: Bridge,
  call: Call,
): Promise<Found> {
  const matching = new Map<string, JsonObject>();
  for (const { attribute, value } of lookUps) {
    const key = keyOf(attribute, value);
    for (const view of await bridge.people.find(key, call)) {
      const user = toUser(asFound(view, key), bridge.baseUrl);
      if (selects(filter, user, 'User')) matching.set(view.id, toUser(view, bridge.baseUrl));
    }
  }
  return { total: matching.size, resources: windowOf([...matching.values()], query) };
}

/**
 * The person as the filter sees them: whom the back end found by an address has it, also where Atlassian hides it from
 * everybody else and so from the answer (rule ID4).
 */
function asFound(view: PersonView, { by, value }: PersonKey): PersonView {
  const { account } = view;
  const isByAddress = (by === 'userName' || by === 'address') && value.includes('@');
  const isHidden = view.link === undefined && account !== undefined && account.email === undefined;
  return isByAddress && isHidden ? { ...view, account: { ...account, email: value } } : view;
}

function keyOf(attribute: LookUp['attribute'], value: string): PersonKey {
  switch (attribute) {
    case 'id':
    case 'externalId':
    case 'userName':
      return { by: attribute, value };
    case 'emails':
      return { by: 'address', value };
    case 'displayName':
    case 'members':
      throw new Failure('unexpected', `${attribute} is no attribute that people are looked up by.`);
  }
}

/**
 * Everybody is asked, in stable order, a chunk at a time. Links answer everything; for people without a link what Atlassian
 * alone knows is asked for at most `MAX_CANDIDATES` of them, those whom the rest of the filter leaves open.
 *
 * Where `active` leaves more of them open, access stands for it; who then turns out to be switched off is taken from the
 * page and from its total, so that nobody is shown whom the filter excludes.
 */
async function walk(
  filter: Filter,
  query: Pick<ListQuery, 'startIndex' | 'count'>,
  bridge: Bridge,
  call: Call,
): Promise<Found> {
  let unknown = DETAILS_AND_STATUS;
  let open = await openRows(filter, unknown, bridge, call);
  if (open === undefined) {
    unknown = DETAILS;
    open = await openRows(filter, unknown, bridge, call);
  }
  if (open === undefined)
    throw unanswerable(`This filter would need the details of more than ${MAX_CANDIDATES} people from Atlassian.`);
  const answered = await matching(filter, open, bridge, call);
  let total = 0;
  const page: ListedPerson[] = [];
  for await (const { row, truth } of judged(filter, unknown, bridge, call)) {
    if (truth !== true && !(truth === 'unknown' && answered.has(row.id))) continue;
    total += 1;
    if (total >= query.startIndex && page.length < query.count) page.push(row);
  }
  // Whose details decided is not asked for again.
  const others = page.filter((row) => !answered.has(row.id));
  const users = new Map([...answered, ...(await matching(filter, others, bridge, call))]);
  const resources = page.map((row) => users.get(row.id)).filter((user) => user !== undefined);
  return { total: total - (page.length - resources.length), resources };
}

/** Those whom only the unknown attributes decide about; undefined when they are more than one call can ask for. */
async function openRows(
  filter: Filter,
  unknown: ReadonlySet<string>,
  bridge: Bridge,
  call: Call,
): Promise<readonly ListedPerson[] | undefined> {
  const open: ListedPerson[] = [];
  for await (const { row, truth } of judged(filter, unknown, bridge, call)) {
    if (truth === 'unknown') open.push(row);
    if (open.length > MAX_CANDIDATES) return undefined;
  }
  return open;
}

/** Those of these people who match when all is known of them, by id. */
async function matching(
  filter: Filter,
  rows: readonly ListedPerson[],
  bridge: Bridge,
  call: Call,
): Promise<ReadonlyMap<string, JsonObject>> {
  const users = await represent(rows, bridge, call);
  return new Map(users.filter((user) => selects(filter, user, 'User')).map((user) => [user['id'] as string, user]));
}

async function* judged(
  filter: Filter,
  unknown: ReadonlySet<string>,
  bridge: Bridge,
  call: Call,
): AsyncGenerator<{ readonly row: ListedPerson; readonly truth: Truth }> {
  for (let offset = 0; ; offset += CHUNK) {
    const rows = await bridge.deps.store.index.listPeople(call.caller, { offset, limit: CHUNK });
    for (const row of rows) {
      const user = toUser(listedView(row, undefined), bridge.baseUrl);
      const isKnown = (attribute: string): boolean => row.link !== undefined || !unknown.has(attribute);
      yield { row, truth: matches(filter, user, { resourceType: 'User', isKnown }) };
    }
    if (rows.length < CHUNK) return;
  }
}
