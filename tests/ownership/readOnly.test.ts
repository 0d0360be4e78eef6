import { describe, expect, it } from '@jest/globals';
import { ada, bodyOf, createGroup, detailOf, startUsers, type UserSite } from '../provisioning/userSite.js';
import { ENTRA_TOKEN, expectScimError, OKTA_TOKEN } from '../support/bridge.js';

const REPORT_TOKEN = 'report-secret-0123456789abcdef';
const settings = { SCIM_TOKENS: `okta:${OKTA_TOKEN},entra:${ENTRA_TOKEN},report:${REPORT_TOKEN}:ro` };
const SEARCH = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], count: 5 };
const PATCH = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { active: false } }],
};

describe('a caller that only reads', () => {
  it.each<[string, 'post' | 'put' | 'patch' | 'delete', (id: string, group: string) => string, unknown]>([
    ['POST of a user', 'post', () => '/Users', ada({ userName: 'grace@example.com' })],
    ['PUT of a user', 'put', (id) => `/Users/${id}`, ada()],
    ['PATCH of a user', 'patch', (id) => `/Users/${id}`, PATCH],
    ['DELETE of a user', 'delete', (id) => `/Users/${id}`, undefined],
    ['POST of a group', 'post', () => '/Groups', { displayName: 'New' }],
    ['PUT of a group', 'put', (_id, group) => `/Groups/${group}`, { displayName: 'New' }],
    ['PATCH of a group', 'patch', (_id, group) => `/Groups/${group}`, PATCH],
    ['DELETE of a group', 'delete', (_id, group) => `/Groups/${group}`, undefined],
    ['POST of what is not even JSON', 'post', () => '/Users', '{"userName":'],
    ['PATCH of nobody', 'patch', () => '/Users/nobody', PATCH],
    ['POST to /Bulk', 'post', () => '/Bulk', { Operations: [] }],
    ['PATCH of /Me', 'patch', () => '/Me', PATCH],
  ])('is answered 403 to a %s, in words and without a call [SA13]', async (_name, verb, path, body) => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    const group = await createGroup(site, 'Engineering', id);
    site.received();

    const reply = await site.scim(verb, path(id, group), body, REPORT_TOKEN);

    expectScimError(reply, 403);
    expect(detailOf(reply)).toContain('The token of "report" may only read.');
    expect(site.received()).toEqual([]);
    expect(bodyOf(await site.get(id)).active).toBe(true);
  });

  it.each<[string, (site: UserSite, id: string, group: string) => PromiseLike<{ status: number }>]>([
    ['a user', (site, id) => site.scim('get', `/Users/${id}`, undefined, REPORT_TOKEN)],
    ['users', (site) => site.scim('get', '/Users', undefined, REPORT_TOKEN)],
    ['a group', (site, _id, group) => site.scim('get', `/Groups/${group}`, undefined, REPORT_TOKEN)],
    ['discovery', (site) => site.scim('get', '/ServiceProviderConfig', undefined, REPORT_TOKEN)],
    ['a search', (site) => site.scim('post', '/.search', SEARCH, REPORT_TOKEN)],
    ['a search of users', (site) => site.scim('post', '/Users/.search', SEARCH, REPORT_TOKEN)],
    ['a search of groups', (site) => site.scim('post', '/Groups/.search/', SEARCH, REPORT_TOKEN)],
    ['metrics', (site) => fetch(`${site.url}/metrics`, { headers: { Authorization: `Bearer ${REPORT_TOKEN}` } })],
  ])('reads %s [SA13]', async (_name, read) => {
    const site = await startUsers({ settings });
    const { id } = await site.created();
    const group = await createGroup(site, 'Engineering', id);

    expect((await read(site, id, group)).status).toBe(200);
  });

  it('owns nothing of what it owned when it could write [SA13] [SA12]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const group = await createGroup(site, 'Engineering', id);
    const reading = await startUsers({
      settings: { SCIM_TOKENS: `okta:${OKTA_TOKEN}:ro,entra:${ENTRA_TOKEN}` },
      store: site.store,
      site: site.sandbox,
    });

    expect((await reading.state(id, false, ENTRA_TOKEN)).status).toBe(200);
    expect((await reading.scim('delete', `/Groups/${group}`, undefined, ENTRA_TOKEN)).status).toBe(204);
    expectScimError(await reading.state(id, true, OKTA_TOKEN), 403);
  });
});
