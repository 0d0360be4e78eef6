import { describe, expect, it } from '@jest/globals';
import { createGroup } from '../provisioning/userSite.js';
import { ENTRA_TOKEN } from '../support/bridge.js';
import { startWhy } from './site.js';

const ADA = 'ada@example.com';

describe('why, asked about an owner', () => {
  it('tells who owns the person, and who took over when [SA12] [SA10]', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    expect((await site.state(id, true, ENTRA_TOKEN)).status).toBe(200);
    expect((await site.state(id, false)).status).toBe(403);

    const told = await site.told(ADA);

    expect(told.now['owner']).toEqual({ caller: 'entra', mayOwn: true });
    expect(told.timeline.slice(-2)).toMatchObject([
      { who: 'entra', event: 'user.ownerChanged', rule: 'SA12', result: 'done' },
      { who: 'okta', event: 'user.deactivated', rule: 'SA12', result: 'refused' },
    ]);
    expect(told.verdict.sentence).toContain('entra wants the person active');
    expect((await site.why(ADA)).text).toMatch(/state that the user is active, as the new owner/);
  });

  it('tells that an owner who is not configured any more keeps nothing [SA12]', async () => {
    const site = await startWhy();
    const { id } = await site.created();
    const group = await createGroup(site, 'Engineering', id);
    const without = await startWhy({
      settings: { SCIM_TOKENS: `entra:${ENTRA_TOKEN}` },
      store: site.store,
      site: site.sandbox,
    });

    expect((await without.told(ADA)).now['owner']).toEqual({ caller: 'okta', mayOwn: false });
    expect((await without.why({ group })).text).toMatch(/^ {2}owner +nobody; okta did, and SCIM_TOKENS/m);
  });

  it('tells that nobody owns whom nobody has made active [SA12]', async () => {
    const site = await startWhy();
    const { accountId } = await site.known();

    expect((await site.told(accountId)).now['owner']).toBeNull();
    expect((await site.why(accountId)).text).toMatch(/^ {2}owner +nobody$/m);
  });
});
