import { describe, expect, it } from '@jest/globals';
import { ADA, bodyOf, startUsers, type UserSite } from '../provisioning/userSite.js';
import { hasAccess, seen } from './beliefs.js';

const CREATE = { method: 'POST', path: /rest\/api\/3\/user$/ } as const;
const SEARCH = { method: 'GET', path: /user\/search/ } as const;

async function expectNobodyThenDone(site: UserSite, heal: () => void): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const reply = await site.create();
    expect([409, 500, 503]).toContain(reply.status);
    expect(reply.body).not.toHaveProperty('scimType');
  }
  heal();
  expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
  const reply = await site.create();
  expect(reply.status).toBe(201);
  expect(site.sandbox.findPersonByEmail(ADA)?.accountId).toBe(bodyOf(reply).id);
  expect(await seen(site, bodyOf(reply).id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
}

describe('a creation through Jira', () => {
  it.each([
    ['201', 201],
    ['400, though it was done', 400],
    ['500, though it was done', 500],
    ['200, though it was done', 200],
    ['204, though it was done', 204],
    ['409, though it was done', 409],
  ])('makes one person, whether Jira answers %s', async (_name, status) => {
    const site = await startUsers({ backEnd: 'jira' });
    if (status !== 201) site.sandbox.faults.next({ ...CREATE, kind: 'error-after', status });
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(await seen(site, bodyOf(reply).id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
    expect(site.received('writes').filter((operation) => operation === 'jira.createUser')).toHaveLength(1);
  });

  it.each([false, true])(
    'of somebody new gives access to Confluence by the access group alone, also where Jira gives a licence: %s',
    async (hasJira) => {
      const site = await startUsers({ backEnd: 'jira' });
      site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () => {
        const made = site.sandbox.findPersonByEmail(ADA);
        if (made !== undefined) site.sandbox.updatePerson(made.accountId, { hasJira });
      });
      const { id } = await site.created();
      expect(site.sandbox.person(id).hasJira).toBe(hasJira);
      expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
      expect((await site.state(id, false)).status).toBe(200);
      expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
    },
  );

  it.each([
    ['201', true],
    ['400', false],
  ])('of somebody who exists and hides the address gives access to nobody else: %s', async (_name, hasJira) => {
    const site = await startUsers({ backEnd: 'jira' });
    const { accountId } = site.sandbox.addPerson({ email: ADA, emailVisible: false, hasJira });
    const reply = await site.create();
    if (hasJira) expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true });
    expect(reply.status).toBe(hasJira ? 201 : 409);
    expect(hasAccess(site, accountId)).toBe(hasJira);
  });

  it.each([
    ['400', { status: 400 }],
    ['500', { status: 500 }],
    ['201 without an id', { status: 201, body: { self: 'x' } }],
    ['201 with the id "unknown"', { status: 201, body: { accountId: 'unknown', accountType: 'atlassian' } }],
    ['201 with somebody else’s account', { status: 201, body: { accountId: '557058:x', emailAddress: 'eve@x.org' } }],
    ['404 as of a site without Jira', { status: 404 }],
  ])('that did not happen links nobody, and is done by the repeat: %s', async (_name, answer) => {
    const site = await startUsers({ backEnd: 'jira' });
    await expectNobodyThenDone(site, site.sandbox.faults.always({ ...CREATE, ...answer }));
  });
});

describe('the search of Jira for an address', () => {
  const person = (changes: object) => ({
    accountId: '557058:eve',
    accountType: 'atlassian',
    active: true,
    ...changes,
  });

  it.each([
    ['nobody', []],
    ['an address that begins alike', [person({ emailAddress: 'ada@example.com.au' })]],
    ['a name that begins alike', [person({ displayName: ADA, emailAddress: 'eve@example.com' })]],
    ['a sole hit whose address is hidden', [person({})]],
    ['a sole hit whose address is empty', [person({ emailAddress: '' })]],
    ['a customer', [person({ accountType: 'customer', emailAddress: ADA })]],
    ['the id "unknown"', [person({ accountId: 'unknown', emailAddress: ADA })]],
  ])('finds nobody in %s: a person is made, and nobody else is given access', async (_name, body) => {
    const site = await startUsers({ backEnd: 'jira' });
    const eve = site.sandbox.addPerson({ accountId: '557058:eve', email: 'eve@example.com' });
    site.sandbox.faults.always({ ...SEARCH, status: 200, body });
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(bodyOf(reply).id).toBe(site.sandbox.findPersonByEmail(ADA)?.accountId);
    expect(hasAccess(site, eve.accountId)).toBe(false);
  });

  it.each([
    ['several accounts', { body: [person({ emailAddress: ADA }), person({ accountId: 'x', emailAddress: ADA })] }],
    ['an inactive account', { body: [person({ emailAddress: ADA, active: false })] }],
    [
      'nobody, for it took us for a stranger',
      { body: [], headers: { 'X-Seraph-LoginReason': 'AUTHENTICATED_FAILED' } },
    ],
    ['a page', { body: '<html></html>', contentType: 'text/html' }],
  ])('gives access to nobody when it answers %s', async (_name, answer) => {
    const site = await startUsers({ backEnd: 'jira' });
    await expectNobodyThenDone(site, site.sandbox.faults.always({ ...SEARCH, status: 200, ...answer }));
  });

  it('misses suspended people, whom the creation does not let in either', async () => {
    const site = await startUsers({ backEnd: 'jira' });
    const { accountId } = site.sandbox.addPerson({ email: ADA });
    site.sandbox.suspend(accountId);
    const reply = await site.create();
    expect(reply.status).toBe(409);
    expect(hasAccess(site, accountId)).toBe(false);
  });
});
