import type { Call } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import { inParallel } from '../provisioning/parallel.js';
import type { ListedGroup } from '../provisioning/indexRecords.js';
import type { JsonObject } from '../provisioning/store.js';
import type { GroupView } from '../provisioning/views.js';
import type { Bridge } from './context.js';
import type { Filter } from './filter.js';
import { answerList, type Found, windowOf } from './listResponse.js';
import { toGroup } from './mapping.js';
import { selects } from './match.js';
import { attributesOf, type LookUp, narrow } from './narrow.js';
import { type Projection, wants } from './projection.js';
import type { ListQuery } from './queryParameters.js';

const CHUNK = 500;
/** Groups whose members are read at once; each may have several pages. */
const GROUPS_AT_ONCE = 4;
/** The share of a request's budget after which a page of groups with members ends (rule GR9). */
const MEMBERS_BUDGET_SHARE = 0.6;
/** Timers may fire a little before the clock shows their time. */
const TIMER_SLACK_MS = 20;

/** `GET /Groups` (rules LI1 to LI3, GR9). */
export function listGroups(query: ListQuery, bridge: Bridge, call: Call): Promise<object> {
  return answerList(query, 'Group', (projection) => findGroups(query, projection, bridge, call));
}

export async function findGroups(
  query: Pick<ListQuery, 'filter' | 'startIndex' | 'count'>,
  projection: Projection,
  bridge: Bridge,
  call: Call,
): Promise<Found> {
  const { filter } = query;
  const withMembers = wants(projection, 'members');
  const lookUps = filter === undefined ? undefined : narrow(filter, 'Group');
  if (filter !== undefined && lookUps !== undefined) return lookUp(filter, lookUps, query, withMembers, bridge, call);
  if (filter !== undefined && attributesOf(filter, 'Group').has('members')) {
    throw new Failure('invalid', 'members can be filtered by eq only. Filter by members.value eq and one id.', {
      scimType: 'invalidFilter',
    });
  }
  const { roster, store } = bridge.deps;
  await (query.startIndex === 1 ? roster.fresh(call) : roster.ready(call));
  const { total, rows } =
    filter === undefined ? await page(query, bridge, call) : await walk(filter, query, bridge, call);
  const listed = rows.map((row) => ({ view: bridge.groups.view(row), isRead: false }));
  return { total, resources: await represent(listed, withMembers, bridge, call) };

  async function page(window: Pick<ListQuery, 'startIndex' | 'count'>, _bridge: Bridge, { caller }: Call) {
    const all = await store.index.countGroups();
    if (window.count === 0) return { total: all, rows: [] };
    return {
      total: all,
      rows: await store.index.listGroups(caller, { offset: window.startIndex - 1, limit: window.count }),
    };
  }
}

/** Few groups can match: they are looked up, and the filter decides over what was found. */
async function lookUp(
  filter: Filter,
  lookUps: readonly LookUp[],
  query: Pick<ListQuery, 'startIndex' | 'count'>,
  withMembers: boolean,
  bridge: Bridge,
  call: Call,
): Promise<Found> {
  const memberIds = new Set(memberValuesOf(filter));
  const groupsOfMember = new Map<string, ReadonlySet<string>>();
  for (const memberId of memberIds) groupsOfMember.set(memberId, await groupIdsOf(memberId, bridge, call));
  const found = new Map<string, Listed>();
  for (const { attribute, value } of lookUps) {
    for (const view of await findViews(attribute, value, groupsOfMember, bridge, call)) {
      found.set(view.id, { view, isRead: attribute !== 'members' });
    }
  }
  const matching = [...found.values()].filter(({ view }) => {
    const known = [...memberIds].filter((memberId) => groupsOfMember.get(memberId)?.has(view.id) === true);
    const group = toGroup({ ...view, memberIds: known }, bridge.baseUrl);
    return selects(filter, group, 'Group');
  });
  return {
    total: matching.length,
    resources: await represent(windowOf(matching, query), withMembers, bridge, call),
  };
}

async function findViews(
  attribute: LookUp['attribute'],
  value: string,
  groupsOfMember: ReadonlyMap<string, ReadonlySet<string>>,
  bridge: Bridge,
  call: Call,
): Promise<readonly GroupView[]> {
  switch (attribute) {
    case 'id':
      return present(() => bridge.groups.get(value, call, { members: false }));
    case 'displayName': {
      const view = await bridge.groups.findByDisplayName(value, call, { members: false });
      return view === undefined ? [] : [view];
    }
    case 'externalId':
      return bridge.groups.findByExternalId(value, call, { members: false });
    case 'members': {
      const views: GroupView[] = [];
      await bridge.deps.roster.ready(call);
      for (const groupId of groupsOfMember.get(value) ?? []) {
        const row = await bridge.deps.store.index.findListedGroup(groupId, call.caller);
        if (row !== undefined) views.push(bridge.groups.view(row));
      }
      return views;
    }
    case 'userName':
    case 'emails':
      throw new Failure('unexpected', `${attribute} is no attribute that groups are looked up by.`);
  }
}

/** The ids a filter compares members with; anything but eq on their value is refused. */
function memberValuesOf(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.flatMap(memberValuesOf);
    case 'not':
      return memberValuesOf(filter.term);
    case 'values':
    case 'compare':
    case 'present': {
      if (!attributesOf(filter, 'Group').has('members')) return [];
      const lookUps = narrow(filter, 'Group');
      if (lookUps !== undefined) return lookUps.map(({ value }) => value);
      throw new Failure('invalid', 'members can be filtered by eq only. Filter by members.value eq and one id.', {
        scimType: 'invalidFilter',
      });
    }
  }
}

/** The groups that a person's own `groups` shows, so that both sides of a membership say the same; none for nobody. */
async function groupIdsOf(personId: string, bridge: Bridge, call: Call): Promise<ReadonlySet<string>> {
  const [person] = await bridge.people.find({ by: 'id', value: personId }, call);
  return new Set(person?.groups?.map((group) => group.id));
}

async function present(read: () => Promise<GroupView>): Promise<readonly GroupView[]> {
  try {
    return [await read()];
  } catch (error) {
    if (error instanceof Failure && error.kind === 'notFound') return [];
    throw error;
  }
}

/** All groups are asked; ids, names and times of every one are known, members are not asked for here. */
async function walk(
  filter: Filter,
  query: Pick<ListQuery, 'startIndex' | 'count'>,
  bridge: Bridge,
  call: Call,
): Promise<{ total: number; rows: readonly ListedGroup[] }> {
  let total = 0;
  const rows: ListedGroup[] = [];
  for (let offset = 0; ; offset += CHUNK) {
    const chunk = await bridge.deps.store.index.listGroups(call.caller, { offset, limit: CHUNK });
    for (const row of chunk) {
      if (!selects(filter, toGroup(bridge.groups.view(row), bridge.baseUrl), 'Group')) continue;
      total += 1;
      if (total >= query.startIndex && rows.length < query.count) rows.push(row);
    }
    if (chunk.length < CHUNK) return { total, rows };
  }
}

/** A group of a page; `isRead` when its own id was read for this request already. */
interface Listed {
  readonly view: GroupView;
  readonly isRead: boolean;
}

async function represent(
  listed: readonly Listed[],
  withMembers: boolean,
  bridge: Bridge,
  call: Call,
): Promise<readonly JsonObject[]> {
  if (!withMembers) return listed.map(({ view }) => toGroup(view, bridge.baseUrl));
  return addMembers(listed, bridge, call);
}

/**
 * Reads the members of a page's groups, some at once. The page is cut to what fits the budget, at least one group; the
 * totals stay true, so a client goes on where the page ended (rule GR9).
 *
 * @throws Failure `invalid` (`tooMany`) when the first group alone is too large; never an answer silently without members
 */
async function addMembers(listed: readonly Listed[], bridge: Bridge, call: Call): Promise<readonly JsonObject[]> {
  const { clock, settings } = bridge.deps;
  const enoughAtMs = call.deadlineMs - settings.requestBudgetMs * (1 - MEMBERS_BUDGET_SHARE);
  const groups: JsonObject[] = [];
  let fitting = listed.length;
  let first: Failure | undefined;
  await inParallel([...listed.entries()], GROUPS_AT_ONCE, async ([place, { view, isRead }]) => {
    if (place > 0 && clock.now() >= enoughAtMs) fitting = Math.min(fitting, place);
    if (place >= fitting) return;
    const own: Call = { ...call, upstream: [] };
    try {
      const memberIds = await bridge.groups.memberIds({ id: view.id, isRead }, own);
      groups[place] = toGroup({ ...view, memberIds }, bridge.baseUrl);
    } catch (error) {
      if (clock.now() < call.deadlineMs - TIMER_SLACK_MS) throw error;
      fitting = Math.min(fitting, place);
      if (place === 0) first = tooMany(own, Failure.from(error));
    } finally {
      call.upstream.push(...own.upstream);
    }
  });
  if (first !== undefined) throw first;
  return groups.slice(0, fitting);
}

/** What a group that took all the time fails with: a large one was answered page after page, an outage was not. */
function tooMany({ upstream }: Call, failure: Failure): Failure {
  const pages = upstream.filter(({ status, isUseless }) => status === 200 && isUseless !== true).length;
  const cutOff = upstream.filter(({ status }) => status === undefined).length;
  // Those that the end of the time cut off are fewer than those before them, unless Atlassian stopped to answer.
  const isOutage = failure.kind !== 'unavailable' || pages + cutOff < upstream.length || pages <= cutOff;
  if (isOutage) return failure;
  return new Failure(
    'invalid',
    'The members of this group cannot be read in the time of one request. Ask with excludedAttributes=members, or for the group by its id.',
    { scimType: 'tooMany', cause: failure },
  );
}
