import { describe, expect, it } from '@jest/globals';
import { assertMembersKnown } from '../../src/provisioning/members.js';
import { addPeople } from '../roster/site.js';
import { addKnownPeople, type GroupSite, startGroups, times } from './groupSite.js';

async function check(site: GroupSite, ids: readonly string[]) {
  const call = site.request();
  return assertMembersKnown(ids, site.deps, await site.deps.roster.access(call), call);
}

describe('assertMembersKnown', () => {
  it('knows links and people of the index without a call [GR4]', async () => {
    const site = await startGroups();
    const people = await addKnownPeople(site, 3);
    const pending = await site.link(undefined);
    await site.link('712020:linked', { id: 'inv-linked' });

    const known = await check(site, [...people, pending, 'inv-linked']);

    expect(site.operations()).toEqual([]);
    expect(known.get('inv-linked')?.accountId).toBe('712020:linked');
    expect(known.get(pending)?.accountId).toBeUndefined();
  });

  it('knows thousands at once [GR4]', async () => {
    const site = await startGroups();
    const people = await addKnownPeople(site, 2500);
    expect((await check(site, people)).size).toBe(2500);
    expect(site.operations()).toEqual([]);
  });

  it('takes an account that belongs to a link under the id of the link only [ID1]', async () => {
    const site = await startGroups();
    const [person = ''] = await addKnownPeople(site, 1);
    await site.link(person, { id: 'inv-1' });
    await expect(check(site, [person])).rejects.toMatchObject({ kind: 'invalid' });
    expect((await check(site, ['inv-1'])).get('inv-1')?.accountId).toBe(person);
  });

  it('names up to five of the ids that are nobody, and how many more there are [GR4]', async () => {
    const site = await startGroups();
    const strangers = Array.from({ length: 8 }, (_, at) => `stranger-${String(at)}`);
    await expect(check(site, strangers)).rejects.toMatchObject({
      scimType: 'invalidValue',
      message: expect.stringMatching(/"stranger-4" and 3 more/),
    });
    expect(site.operations()).toEqual(['usersBulk']);
  });

  it('waits for the first scan when more people are new than are looked up one by one [LI1]', async () => {
    const site = await startGroups({}, { scanned: false });
    const people = addPeople(site.sandbox, 30);

    expect((await check(site, people)).size).toBe(30);

    expect(site.operations()).not.toContain('listMemberships');
  });

  it('looks up one by one those who came since the last scan, and believes an empty answer only after a control read [SA2]', async () => {
    const site = await startGroups();
    const newcomers = addPeople(site.sandbox, 3);
    expect((await check(site, newcomers)).size).toBe(3);
    expect(site.operations()).toEqual(['usersBulk', ...times(3, 'listMemberships')]);

    const outsider = site.sandbox.addPerson({ email: 'outside@example.com' }).accountId;
    await expect(check(site, [outsider])).rejects.toMatchObject({ kind: 'invalid' });
    expect(site.operations()).toEqual(['usersBulk', 'listMemberships', 'listMembers']);
  });
});
