import { it } from '@jest/globals';
import { startTestBridge, operations, OKTA_TOKEN } from '../support/bridge.js';
const show = (name: string, r: any) => console.log(name, r.status, JSON.stringify(r.headers['content-type']), r.headers.allow ?? '', r.headers.location ?? '', JSON.stringify(r.body)?.slice(0, 1400));
it('probes', async () => {
  const b = await startTestBridge();
  for (const path of ['/ResourceTypes', '/ResourceTypes/Nope', '/ServiceProviderConfig', '/Users/%zz', '/Groups?filter=' + encodeURIComponent(`members.value eq "${b.sandbox.appAccountId}"`),  '/Groups?filter=' + encodeURIComponent(`members.value eq "${b.sandbox.admin.accountId}"`)]) {
    b.sandbox.takeCalls();
    show('GET ' + path, await b.scim('get', path));
    console.log(operations(b.sandbox));
  }
    show('POST ', await b.scim('post', '/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'bogus' }));
});
