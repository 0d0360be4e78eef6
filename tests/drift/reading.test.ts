import { describe, expect, it } from '@jest/globals';
import { ADA, createGroup } from '../provisioning/userSite.js';
import { type DriftSite, startDrift } from './site.js';

/** Ada has access again, Bob lost his, and Eve is in a group that nobody put her into. */
async function differing(): Promise<DriftSite> {
  const site = await startDrift();
  const { access } = site.sandbox.groups;
  const { id: ada } = await site.created();
  const { id: bob } = await site.created({
    userName: 'bob@example.com',
    externalId: 'okta-bob',
    emails: [{ value: 'bob@example.com' }],
  });
  const groupId = await createGroup(site, 'engineering');
  await site.state(ada, false);
  site.later();
  site.sandbox.addMember(access.id, ada);
  site.sandbox.removeMember(access.id, bob);
  site.sandbox.addMember(groupId, site.sandbox.addPerson({ email: 'eve@example.com', access: true }).accountId);
  return site;
}

describe('drift, where Atlassian does not answer', () => {
  it('says nothing about people when a granting group cannot be read to its end, and compares the rest [SA2] [SA15]', async () => {
    const site = await differing();
    const { access } = site.sandbox.groups;
    site.sandbox.faults.always({ path: new RegExp(`${access.id}/membersByGroupId`), status: 503 });

    const { findings, unread } = await site.drift();

    expect(unread.map(({ part }) => part)).toEqual(['who has access']);
    expect(findings.map(({ kind }) => kind)).toEqual([]);
  });

  it.each([
    ['nobody is in the first access group', { path: /membersByGroupId/, status: 200, body: { results: [], size: 0 } }],
    ['a granting group is cut off', { path: /membersByGroupId/, kind: 'reset' as const }],
    ['the accounts are not told', { path: /users-bulk/, status: 200, body: { results: [] } }],
    ['the accounts cannot be read', { path: /users-bulk/, status: 503 }],
  ])('finds nobody when %s [SA2] [SA15]', async (_what, fault) => {
    const site = await differing();
    site.sandbox.faults.always(fault);

    const { findings, unread } = await site.drift();

    expect(findings.filter(({ kind }) => kind !== 'foreignMember')).toEqual([]);
    expect(unread.map(({ part }) => part)).toContain('who has access');
  });

  it('leaves out the one person who cannot be read [SA2] [SA15]', async () => {
    const site = await differing();
    const [ada] = await site.store.people.findByAddress(ADA);
    site.sandbox.faults.always({
      path: new RegExp(`memberof.*${encodeURIComponent(ada?.accountId ?? '')}`),
      status: 503,
    });

    const { findings, unread } = await site.drift();

    expect(unread.map(({ part }) => part)).toEqual([`the user ${ADA}`]);
    expect(findings.map(({ kind }) => kind)).toEqual(['accessLost', 'foreignMember']);
  });

  it('compares nothing when the credential is refused [SA15]', async () => {
    const site = await differing();
    site.sandbox.revoke('apiToken');

    const { findings, unread } = await site.drift();

    expect(findings).toEqual([]);
    expect(unread.map(({ part }) => part)).toEqual(['everything']);
  });

  it('waits where Atlassian asks to, and finds the same [SA4] [SA15]', async () => {
    const site = await differing();
    const found = await site.found();
    for (const path of [/membersByGroupId/, /memberof/, /users-bulk/]) {
      site.sandbox.faults.next({ path, status: 429, retryAfter: 1 });
    }

    expect(await site.drift()).toMatchObject({ unread: [] });
    expect(found).toHaveLength(3);
    expect(await site.found()).toEqual(found);
  });

  it('reads a large group by pages, and looks only at those who differ one by one [SA15]', async () => {
    const people = Array.from({ length: 450 }, (_, n) => ({ email: `p${n}@example.com`, access: true }));
    const site = await startDrift({ sandbox: { seed: { people } } });
    const { id } = await site.created();
    await site.state(id, false);
    site.later();
    site.sandbox.addMember(site.sandbox.groups.access.id, id);
    site.sandbox.takeCalls();

    expect(await site.found()).toEqual([`leaverHasAccess ${ADA}`]);

    const received = site.received();
    expect(received.filter((operation) => operation === 'confluence.listMembers').length).toBeLessThan(8);
    expect(received.filter((operation) => operation === 'confluence.listMemberships')).toHaveLength(1);
  });
});
