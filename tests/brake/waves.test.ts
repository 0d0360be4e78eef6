import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ACCESS_GROUP, flood, REMOVALS, removalInTurn, startCrowd } from './wave.js';

const AT_ONCE = 20;
const SETTINGS = { ADOPT_GROUPS: ACCESS_GROUP };

describe(`a wave at concurrency ${AT_ONCE}`, () => {
  it.each(Object.entries(REMOVALS))('by %s stops exactly at the limit [SA11]', async (_name, removal) => {
    const site = await startCrowd(64, { settings: SETTINGS });

    const { statuses, refused } = await flood(
      site.people.map((id) => () => removal(site, id)),
      AT_ONCE,
    );

    // 20 % of 65: the account of the credential has access, too.
    expect(site.withAccess()).toHaveLength(64 - 13);
    expect(statuses[503]).toBe(64 - 13);
    for (const reply of refused) {
      expectScimError(reply, 503);
      expect(reply.headers['retry-after']).toBe('300');
    }
  });

  it('of 500 by every verb in turn, of two callers, stops exactly at the limit, and so does its repetition [SA11]', async () => {
    const site = await startCrowd(500, { settings: SETTINGS });
    const wave = () =>
      flood(
        site.people.map((id, n) => () => removalInTurn(n)(site, id)),
        AT_ONCE,
      );

    await wave();
    expect(site.withAccess()).toHaveLength(400);
    await wave();
    expect(site.withAccess()).toHaveLength(400);
  }, 180_000);
});
