import { describe, expect, it } from '@jest/globals';
import { ADA, createGroup } from '../provisioning/userSite.js';
import { startDrift } from './site.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const BOB = { userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }] };

describe('drift about groups', () => {
  it('finds members whom the bridge did not put there, and those whom it did and who are gone [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const { id: bob } = await site.created(BOB);
    const groupId = await createGroup(site, 'engineering', id);
    const { accountId: eve } = site.sandbox.addPerson({ email: 'eve@example.com', access: true });
    site.later();
    for (const accountId of [bob, eve, site.sandbox.appAccountId]) site.sandbox.addMember(groupId, accountId);
    site.sandbox.removeMember(groupId, id);

    const { findings, unread } = await site.drift();

    expect(unread).toEqual([]);
    expect(findings).toMatchObject([
      { kind: 'foreignMember', person: { id: bob, name: 'bob@example.com' }, changedBy: 'others' },
      {
        kind: 'foreignMember',
        person: { id: eve, name: 'eve@example.com' },
        groups: [{ id: groupId }],
        ownWrite: undefined,
      },
      { kind: 'memberMissing', person: { id, name: ADA }, ownWrite: { isMember: true, caller: 'okta', groupId } },
    ]);
  });

  it('takes what it did in the last ten minutes for true, whatever reads show [US2] [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering', id);
    site.later();
    const removal = { op: 'remove', path: 'members', value: [{ value: id }] };
    await site.scim('patch', `/Groups/${groupId}`, { schemas: [PATCH_OP], Operations: [removal] });
    site.sandbox.addMember(groupId, id);
    expect(await site.found()).toEqual([]);

    site.later();
    expect(await site.found()).toEqual([`foreignMember ${ADA}`]);
  });

  it('accuses nobody whom an identity provider has named since, though it wrote nothing for it [SA12] [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering');
    site.later();
    site.sandbox.addMember(groupId, id);
    expect(await site.found()).toEqual([`foreignMember ${ADA}`]);

    const list = { displayName: 'engineering', members: [{ value: id }] };
    expect((await site.scim('put', `/Groups/${groupId}`, list)).status).toBe(200);
    site.later();

    expect(await site.found()).toEqual([]);
  });

  it('counts members of an adopted group whom it never touched, and accuses nobody of them [SA15]', async () => {
    const site = await startDrift({ settings: { ADOPT_GROUPS: 'team-*' } });
    const { id } = await site.created();
    const { id: bob } = await site.created(BOB);
    const { id: groupId } = site.sandbox.addGroup({ name: 'team-red' });
    site.sandbox.addMember(groupId, bob);
    await site.scan();
    const addition = { op: 'add', path: 'members', value: [{ value: id }] };
    const body = { schemas: [PATCH_OP], Operations: [addition] };
    expect((await site.scim('patch', `/Groups/${groupId}`, body)).status).toBe(204);
    site.later();

    expect(await site.drift()).toEqual({
      findings: [],
      unread: [],
      remarks: [expect.stringContaining('"team-red" was there before the bridge managed it; 1 of its members, whom')],
    });
  });

  it('finds groups deleted by hand, and believes it only after a control read [SA2] [SA15]', async () => {
    const site = await startDrift();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'engineering', id);
    site.later();
    site.sandbox.deleteGroup(groupId);
    expect(await site.found()).toEqual(['groupGone "engineering"']);

    const broken = site.sandbox.faults.always({ path: new RegExp(`by-id.*${groupId}`), status: 503 });
    expect(await site.drift()).toMatchObject({
      findings: [],
      unread: [{ part: `the group "engineering" (${groupId})` }],
    });
    broken();

    // A credential that loses its rights half-way gets a 404 for everything.
    site.sandbox.faults.when({ path: new RegExp(`by-id.*${groupId}`) }, () => {
      site.sandbox.faults.always({ path: /membersByGroupId/, status: 404 });
    });
    expect(await site.drift()).toMatchObject({
      findings: [],
      unread: [{ part: `the group "engineering" (${groupId})` }],
    });
  });
});
