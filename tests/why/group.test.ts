import { describe, expect, it } from '@jest/globals';
import { createGroup } from '../provisioning/userSite.js';
import { startWhy } from './site.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('the verdict about a group', () => {
  it('is "differs" where somebody else changed its members, and says since when', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering', id);
    const { accountId } = site.sandbox.addPerson({ email: 'eve@example.com', access: true });
    site.later();
    site.sandbox.addMember(groupId, accountId);
    site.sandbox.removeMember(groupId, id);

    const { verdict, now, timeline } = await site.told({ group: 'ENGINEERING' });

    expect(verdict.kind).toBe('differs');
    expect(now['notByThisBridge']).toMatchObject({
      foreign: [{ personId: accountId, span: { untilIso: expect.stringMatching(/Z$/) as unknown } }],
      missing: [{ personId: id, span: { sinceIso: timeline.at(-1)?.at } }],
    });
    const { text } = await site.why({ group: groupId });
    expect(text).toMatch(/^ {2}not by this bridge +ada@example\.com is not shown, between \S+Z and \S+Z$/m);
  });

  it('stays one page when one message changed many members', async () => {
    const site = await startWhy();
    const people = Array.from({ length: 30 }, (_, n) =>
      site.sandbox.addPerson({ email: `p${n}@example.com`, access: true }),
    );
    await site.scan();
    const groupId = await createGroup(site, 'engineering', ...people.map(({ accountId }) => accountId));

    const { text } = await site.why({ group: groupId });

    expect(text.match(/ put \S+ into "engineering" /g)).toHaveLength(3);
    expect(text).toContain('\n    and 27 more of the same request\n');
    expect((await site.told({ group: groupId })).timeline).toHaveLength(31);
  });

  it('is found by its recorded and by its Confluence name after a rename', async () => {
    const site = await startWhy();
    const groupId = await createGroup(site, 'engineering');
    const renaming = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'displayName', value: 'builders' }] };
    expect((await site.scim('patch', `/Groups/${groupId}`, renaming)).status).toBe(204);

    for (const group of ['Builders', 'engineering', groupId]) {
      const { text } = await site.why({ group });
      expect(text).toContain(`builders: group ${groupId}\n`);
      expect(text).toMatch(/^ {2}name in Confluence +engineering$/m);
    }
  });

  it('lists several groups with their ids', async () => {
    const site = await startWhy();
    const groupId = await createGroup(site, 'engineering');
    const renaming = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'displayName', value: 'builders' }] };
    await site.scim('patch', `/Groups/${groupId}`, renaming);
    site.sandbox.addGroup({ name: 'builders' });
    await site.scan();

    const { kind, text } = await site.why({ group: 'builders' });

    expect(kind).toBe('several');
    expect(text).toContain(`${groupId}  "engineering" in Confluence, recorded as "builders"`);
  });

  it('is "readOnly" with the setting that helps, and says that members have access', async () => {
    const site = await startWhy();

    const { verdict } = await site.told({ group: site.sandbox.groups.access.name });

    expect(verdict.kind).toBe('readOnly');
    expect(verdict.sentence).toContain('ADOPT_GROUPS');
    expect(verdict.sentence).toMatch(/Its members have access to Confluence\.$/);
  });

  it('is "adoptable" where ADOPT_GROUPS names it, known to Confluence alone', async () => {
    const site = await startWhy({ settings: { ADOPT_GROUPS: 'team-*' } });
    site.sandbox.addGroup({ name: 'team-red' });

    expect((await site.told({ group: 'team-red' })).verdict.kind).toBe('adoptable');
  });

  it('tells a group deleted through the bridge from one deleted by somebody else', async () => {
    const site = await startWhy();
    const [ours, theirs] = [await createGroup(site, 'ours'), await createGroup(site, 'theirs')];
    await site.scim('delete', `/Groups/${ours}`);
    site.sandbox.deleteGroup(theirs);

    expect((await site.told({ group: ours })).verdict).toMatchObject({
      kind: 'deleted',
      sentence: expect.stringContaining('by okta at') as unknown,
    });
    expect((await site.told({ group: theirs })).verdict).toMatchObject({
      kind: 'gone',
      sentence: expect.stringContaining('not by this bridge') as unknown,
    });
  });

  it('is "released" for an adopted group that was deleted through SCIM', async () => {
    const site = await startWhy({ settings: { ADOPT_GROUPS: 'team-red' } });
    const { id } = site.sandbox.addGroup({ name: 'team-red' });
    await site.scan();
    const touching = { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'externalId', value: 'x' }] };
    await site.scim('patch', `/Groups/${id}`, touching);
    expect((await site.scim('delete', `/Groups/${id}`)).status).toBe(204);

    expect((await site.told({ group: 'team-red' })).verdict.kind).toBe('released');
  });

  it('is "unknown" when Confluence cannot be asked [SA2]', async () => {
    const site = await startWhy();
    const groupId = await createGroup(site, 'engineering');
    site.sandbox.faults.always({ kind: 'reset' });

    const { verdict, now } = await site.told({ group: groupId });

    expect(verdict.kind).toBe('unknown');
    expect(now['people']).toBeNull();
    expect((await site.why({ group: groupId })).isComplete).toBe(false);
  });
});
