import { describe, expect, it } from '@jest/globals';
import type { RosterParts } from '../../src/roster/roster.js';
import { until } from './handClock.js';
import { addPeople, makeCall, recordLeaver, startSite, type Site } from './site.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** An instance that has an index of its own making, and tells what it shows. */
async function started(site: Site) {
  const shown = { indexes: 0, leavers: -1, followUps: 0 };
  const parts: Partial<RosterParts> = {
    metrics: { scanEnded: () => undefined, leaversWithAccess: (count) => (shown.leavers = count) },
    onIndexed: () => {
      shown.indexes += 1;
      return Promise.resolve();
    },
    onScanned: () => {
      shown.followUps += 1;
      return Promise.resolve();
    },
  };
  const roster = site.anotherRoster(parts);
  roster.start();
  await until(async () => (await site.store.index.state()) !== undefined && roster.settled());
  return { roster, shown };
}

describe('a scan of another instance', () => {
  it('is shown within ten seconds, and what follows it is left to the instance that scanned [SA17]', async () => {
    const site = await startSite();
    const [leaver = ''] = addPeople(site.sandbox, 3);
    const { shown } = await started(site);
    const before = { ...shown };
    await recordLeaver(site.store, leaver, site.clock.now() - 60 * MINUTE);
    await site.clock.advance(SECOND);

    await site.roster.scan(makeCall(site.clock));
    expect(shown).toEqual(before);
    await site.clock.advance(10 * SECOND);

    expect(shown).toEqual({ indexes: before.indexes + 1, leavers: 1, followUps: before.followUps });
    const lines = await site.store.audit.list({ limit: 10 });
    expect(lines.map(({ event }) => event)).toEqual(['leaver.hasAccess']);
  });

  it('takes a leaver who has no access any more from what every instance counts [SA17]', async () => {
    const site = await startSite();
    const [leaver = ''] = addPeople(site.sandbox, 3);
    await recordLeaver(site.store, leaver, site.clock.now() - 60 * MINUTE);
    const { shown } = await started(site);
    expect(shown.leavers).toBe(1);

    site.sandbox.removeMember(site.sandbox.groups.access.id, leaver);
    await site.clock.advance(SECOND);
    await site.roster.scan(makeCall(site.clock));
    await site.clock.advance(10 * SECOND);

    expect(shown.leavers).toBe(0);
  });

  it('tells at once which groups grant access [SA17]', async () => {
    const site = await startSite({ accessGroups: ['confluence-users-acme'] });
    addPeople(site.sandbox, 2);
    const { roster } = await started(site);
    await roster.access(makeCall(site.clock));

    const second = site.sandbox.addGroup({ name: 'confluence-users-emea', grants: 'user' });
    site.sandbox.addMember(second.id, site.sandbox.admin.accountId);
    await site.clock.advance(SECOND);
    await site.roster.scan(makeCall(site.clock));

    expect((await roster.access(makeCall(site.clock))).granting.has(second.id)).toBe(true);
  });

  it('that found the access groups right again makes every instance ready [SA17]', async () => {
    const site = await startSite({ accessGroups: ['emea'] });
    const { roster } = await started(site);
    expect(roster.accessFailure()?.kind).toBe('misconfigured');

    const repaired = site.sandbox.addGroup({ name: 'emea', grants: 'user' });
    site.sandbox.addMember(repaired.id, site.sandbox.admin.accountId);
    await site.clock.advance(31 * SECOND);
    await site.roster.scan(makeCall(site.clock));
    await site.clock.advance(10 * SECOND);

    expect(roster.accessFailure()).toBeUndefined();
  });
});
