import { type Caller, CALLERS, type Client } from './client.js';
import { type ChangingGroup, type Model, nameOf, type Person } from './model.js';
import { shownOf, wantedOf } from './people.js';
import type { BackEnd, Site } from './site.js';

/** Something that is not as it was acknowledged. */
export interface Problem {
  /** As in histories. */
  readonly about: string;
  readonly text: string;
}

/**
 * Holds the sandbox against what was acknowledged. Whoever a message is under way for is left out.
 *
 * @param isSettled that every invited person has an account, and the bridge has had the time to find it
 */
export function siteProblems(model: Model, site: Site, isSettled: boolean): Problem[] {
  const { sandbox, backEnd } = site;
  const problems: Problem[] = [];
  const compare = (about: string, what: string, is: readonly string[], should: readonly string[]): void => {
    const [left, right] = [[...is].sort().join(', '), [...should].sort().join(', ')];
    if (left !== right)
      problems.push({ about, text: `${about} ${what}: ${left || 'none'} instead of ${right || 'none'}` });
  };
  const nameOfGroup = new Map([
    [sandbox.groups.access.id, 'access'],
    [site.secondGroupId, 'second'],
    ...model.shared.map(({ id, displayName }): [string, string] => [id, displayName]),
  ]);
  for (const person of model.people) {
    const { name, email } = person;
    const invited = site.invitationsOf(email);
    const most = MOST_INVITATIONS[backEnd](person);
    if (invited > most) problems.push({ about: name, text: `${name} was invited ${invited} times instead of ${most}` });
    if (person.isInDoubt || (backEnd === 'invite' && !isSettled)) continue;
    const account = sandbox.findPersonByEmail(email);
    const is = account === undefined ? [] : sandbox.groupsOf(account.accountId).map((id) => nameOfGroup.get(id) ?? id);
    const should = groupsOf(person);
    // Whose account appeared after the deactivation is owed the memberships until the reactivation (rule US5).
    const mayBeOwed =
      backEnd === 'invite' && person.status === 'inactive' && is.every((group) => should.includes(group));
    if (!mayBeOwed) compare(name, 'is in', is, should);
  }
  for (const group of model.changing) {
    if (group.isInDoubt) continue;
    const name = nameOf(group);
    const there = sandbox.findGroupByName(name);
    if ((there === undefined) !== (group.id === undefined)) {
      problems.push({ about: name, text: `${name} ${there === undefined ? 'is not there' : 'is there still'}` });
    }
    if (there !== undefined) compare(name, 'holds', sandbox.membersOf(there.id), [...group.members.keys()]);
  }
  return problems;
}

/**
 * How often an address may have been invited. Whoever is deleted and created again has an account: Jira's is then put
 * into the group, the organization invites it into the group, without a mail, and repeats that until it is confirmed,
 * for a read alone does not prove it so soon after the removal. An invitation that names no account may be sent once more
 * when its answer was lost (rule US5).
 */
const MOST_INVITATIONS: Readonly<Record<BackEnd, (person: Person) => number>> = {
  organization: ({ creations }) => creations.count + creations.unansweredReturns,
  jira: ({ creations }) => Math.min(1, creations.count),
  invite: ({ creations }) => creations.count + creations.doubtful,
};

/** Where Confluence must have somebody. */
function groupsOf({ status, hasBothGroups, memberships }: Person): string[] {
  const granting = status === 'active' ? ['access', ...(hasBothGroups ? ['second'] : [])] : [];
  return [...granting, ...[...memberships.keys()].map(({ displayName }) => displayName)];
}

type Resource = Readonly<Record<string, unknown>>;

/** Holds what the bridge lists against what it has acknowledged, for both callers. @param isQuiet that nothing is under way */
export async function listProblems(model: Model, client: Client, isQuiet: boolean): Promise<Problem[]> {
  const problems: Problem[] = [];
  const ids = new Map<string, string>();
  for (const caller of CALLERS) {
    const { resources, total } = await list(client, caller, '/Users');
    const byId = new Map(resources.map((user) => [String(user['id']), user]));
    for (const person of model.people) {
      if (person.isInDoubt) continue;
      const { name, id = '', status } = person;
      const user = byId.get(id);
      ids.set(id, name);
      if (status === 'absent') {
        if (user !== undefined) problems.push({ about: name, text: `${name} is listed for ${caller} though deleted` });
        continue;
      }
      const [is, should] = [JSON.stringify(user && shownOf(user)), JSON.stringify(wantedOf(person, caller))];
      if (is !== should)
        problems.push({ about: name, text: `${name} is listed for ${caller} as ${is} instead of ${should}` });
    }
    if (isQuiet && total !== resources.length) {
      problems.push({ about: caller, text: `a list of ${resources.length} users says that there are ${total}` });
    }
  }
  const { resources } = await list(client, CALLERS[0], '/Groups');
  const groups = new Map(resources.map((group) => [String(group['id']), group]));
  for (const { id, displayName } of model.shared) {
    const members = membersOf(groups.get(id));
    for (const person of model.people) {
      if (person.isInDoubt || person.id === undefined) continue;
      const isWanted = [...person.memberships.keys()].some((group) => group.id === id);
      if (members.has(person.id) === isWanted) continue;
      const text = `${person.name} is ${isWanted ? 'not ' : ''}listed in ${displayName}`;
      problems.push({ about: person.name, text });
    }
  }
  for (const group of model.changing) problems.push(...changingProblems(group, groups));
  return problems;
}

function changingProblems(group: ChangingGroup, groups: ReadonlyMap<string, Resource>): Problem[] {
  const about = nameOf(group);
  if (group.isInDoubt || group.id === undefined) return [];
  const listed = groups.get(group.id);
  if (listed === undefined) return [{ about, text: `${about} is not listed` }];
  const is = [...membersOf(listed)].sort().join(', ');
  const should = [...group.members.keys()].sort().join(', ');
  const problems: Problem[] = [];
  if (is !== should)
    problems.push({ about, text: `${about} is listed with ${is || 'nobody'} instead of ${should || 'nobody'}` });
  if (listed['displayName'] !== group.displayName) {
    problems.push({
      about,
      text: `${about} is called ${String(listed['displayName'])} instead of ${group.displayName}`,
    });
  }
  return problems;
}

function membersOf(group: Resource | undefined): ReadonlySet<string> {
  const members = (group?.['members'] ?? []) as readonly { readonly value: string }[];
  return new Set(members.map(({ value }) => value));
}

async function list(
  client: Client,
  caller: Caller,
  path: '/Users' | '/Groups',
): Promise<{ readonly resources: readonly Resource[]; readonly total: number }> {
  const resources: Resource[] = [];
  for (;;) {
    const page = `${path}?startIndex=${resources.length + 1}&count=200`;
    const { status, body } = await client.insist({ caller, method: 'GET', path: page });
    if (status !== 200) throw new Error(`${path} answers ${status}: ${String(body['detail'])}`);
    const total = Number(body['totalResults']);
    const more = (body['Resources'] ?? []) as readonly Resource[];
    resources.push(...more);
    if (more.length === 0 || resources.length >= total) return { resources, total };
  }
}

/**
 * Acknowledged changes of which the audit has no line that says `done`, or, for what is owed to somebody invited, `noted`.
 * A message that was sent again may find that a scan of the bridge's own has finished it, and has written its line.
 *
 * @param auditText as exported, JSON lines
 */
export function auditProblems(model: Model, auditText: string): Problem[] {
  const done = new Set<string>();
  const settled = new Set<string>();
  for (const line of auditText.split('\n').filter((text) => text !== '')) {
    const { requestId, result, caller, subject } = JSON.parse(line) as Readonly<
      Record<'requestId' | 'result' | 'caller' | 'subject', string>
    >;
    if (result !== 'done' && result !== 'noted') continue;
    done.add(requestId);
    if (caller === 'bridge') settled.add(subject);
  }
  return model.acknowledged
    .filter(({ requestIds }) => !requestIds.some((id) => done.has(id)))
    .filter(({ requestIds, personId = '' }) => requestIds.length === 1 || !settled.has(personId))
    .map(({ what, requestIds }) => ({
      about: what.split(' ')[0] ?? '',
      text: `the audit knows nothing of: ${what} [${requestIds.map((id) => id.slice(0, 8)).join(', ')}]`,
    }));
}
