import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { bodyOf, createGroup, startUsers, type UserSite } from '../provisioning/userSite.js';
import { BACK_ENDS, startObserved } from './site.js';

const PEOPLE = Array.from({ length: 8 }, (_, n) => `p${n}@example.com`);
/** With an account, and without access. */
const IDLE = 'idle@example.com';
const NEW = ['ada@example.com', 'new@example.com', 'gone@example.com'];
const GROUPS = ['engineering', 'team', 'renamed', 'short-lived'];
const SETTINGS = { ADOPT_GROUPS: 'team', ACCESS_LOSS_LIMIT: 'off', GROUP_REMOVAL_LIMIT: 'off' };

/** A day of an identity provider, with changes of mind. */
async function playDay(site: UserSite): Promise<void> {
  const { sandbox } = site;
  const people = PEOPLE.map((email) => sandbox.findPersonByEmail(email)?.accountId ?? email);
  const members = (id: string, op: string, ...ids: string[]) =>
    site.scim('patch', `/Groups/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op, path: 'members', value: ids.map((value) => ({ value })) }],
    });
  const team = sandbox.findGroupByName('team')?.id ?? '';
  const [ada, fresh, gone] = await Promise.all(
    NEW.map(
      async (email) => bodyOf(await site.create({ userName: email, externalId: email, emails: [{ value: email }] })).id,
    ),
  );
  const engineering = await createGroup(site, 'engineering', ada ?? '', ...people.slice(0, 4));
  const brief = await createGroup(site, 'short-lived', ...people.slice(0, 2));
  const statuses = [
    await members(team, 'add', ...people.slice(2, 6)),
    await members(team, 'remove', people[3] ?? ''),
    await members(team, 'remove', people[7] ?? ''),
    await members(engineering, 'add', fresh ?? ''),
    await members(engineering, 'remove', people[0] ?? ''),
    await members(engineering, 'add', people[0] ?? ''),
    await members(engineering, 'remove', people[1] ?? ''),
    await site.create({ userName: IDLE, externalId: IDLE, emails: [{ value: IDLE }] }),
    await site.state(people[4] ?? '', false),
    await site.state(people[5] ?? '', false),
    await site.state(people[5] ?? '', true),
    await site.state(gone ?? '', false),
    await site.remove(people[6] ?? ''),
    await site.scim('delete', `/Groups/${brief}`),
    await site.scim('put', `/Groups/${team}`, {
      displayName: 'team',
      members: [people[2], people[5]].map((value) => ({ value })),
    }),
  ].map(({ status }) => status);
  expect(statuses.filter((status) => status >= 300)).toEqual([]);
}

/** Who truly is in which group, by name. */
function truth({ sandbox }: UserSite): Readonly<Record<string, readonly string[]>> {
  const emails = [...PEOPLE, ...NEW, IDLE];
  const nameOf = new Map(GROUPS.map((name) => [sandbox.findGroupByName(name)?.id, name]));
  nameOf.set(sandbox.groups.access.id, 'access');
  return Object.fromEntries(
    emails.map((email) => {
      const person = sandbox.findPersonByEmail(email);
      const groups = person === undefined ? [] : sandbox.groupsOf(person.accountId);
      return [email, groups.map((id) => nameOf.get(id) ?? id).sort()];
    }),
  );
}

describe.each(BACK_ENDS)('observing and plan apply on %s', (backEnd: BackEnd) => {
  it('end where a bridge that is live would be [SA14]', async () => {
    const seed = {
      people: [...PEOPLE, IDLE].map((email) => ({ email, displayName: email, access: email !== IDLE })),
      groups: [{ name: 'team', members: PEOPLE.slice(3, 4) }],
    };
    const options = { backEnd, settings: SETTINGS, sandbox: { seed, inviteAppears: 'never' as const } };
    const live = await startUsers(options);
    const observed = await startObserved(options);
    await playDay(live);
    const untouched = truth(observed);
    await playDay(observed);
    expect(truth(observed)).toEqual(untouched);

    const outcomes = await observed.apply();

    expect(outcomes.filter(({ state }) => state !== 'applied')).toEqual([]);
    if (backEnd === 'invite') {
      for (const site of [live, observed]) {
        site.sandbox.acceptInvitation('ada@example.com');
        await site.scan();
      }
      await observed.apply();
    } else if (backEnd === 'organization') {
      // Live, access was given before it was taken; a plan never makes an account that is to have none.
      expect(observed.sandbox.findPersonByEmail('gone@example.com')).toBeUndefined();
    }
    expect(truth(observed)).toEqual(truth(live));
  });
});
