import { describe, expect, it } from '@jest/globals';
import { type BackEnd } from '../../src/provisioning/directory.js';
import { ENTRA_TOKEN, startTestBridge } from '../support/bridge.js';
import { flood, REMOVALS } from '../brake/wave.js';
import { bodyOf, createGroup } from '../provisioning/userSite.js';
import { BACK_ENDS, READS, startObserved, startShared } from './site.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const PEOPLE = 60;
const LIFETIMES = 2;

/** Every verb, in every lifetime of the bridge: reads, creations, all ways to take access, groups, jobs, refusals, scans. */
async function playTraffic(site: Awaited<ReturnType<typeof startObserved>>, people: readonly string[], round: number) {
  const created = await Promise.all(
    Array.from({ length: 5 }, (_, n) =>
      site.scim('post', '/Users', {
        userName: `new${round}-${n}@example.com`,
        emails: [{ value: `new${round}-${n}@example.com` }],
        active: n !== 4,
      }),
    ),
  );
  expect(created.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
  const ids = created.map((reply) => bodyOf(reply).id);
  const group = await createGroup(site, `group ${round}`, ...ids, ...people.slice(0, 12));
  const path = `/Groups/${group}`;
  const patch = (...Operations: object[]): object => ({ schemas: [PATCH_OP], Operations });
  const mixed = await flood(
    [
      () => site.scim('patch', path, patch({ op: 'remove', path: 'members', value: [{ value: people[0] }] })),
      () => site.scim('patch', path, patch({ op: 'add', path: 'members', value: [{ value: people[20] }] })),
      () =>
        site.scim('put', path, {
          displayName: `group ${round}`,
          members: people.slice(3, 9).map((value) => ({ value })),
        }),
      () => site.scim('patch', path, patch({ op: 'replace', path: 'displayName', value: `renamed ${round}` })),
      () =>
        site.scim(
          'patch',
          `/Groups/${site.sandbox.findGroupByName('team')?.id ?? ''}`,
          patch({ op: 'add', path: 'members', value: people.slice(5, 15).map((value) => ({ value })) }),
        ),
      () => site.scim('delete', `/Users/${ids[0] ?? ''}`),
      () => site.scim('patch', `/Users/${ids[1] ?? ''}`, patch({ op: 'replace', value: { active: false } })),
      () =>
        site.scim('patch', `/Users/${ids[1] ?? ''}`, patch({ op: 'replace', value: { active: true } }), ENTRA_TOKEN),
      () => site.scim('get', '/Users?count=50'),
      () => site.scim('get', '/Groups?count=50'),
      () => site.scim('get', `/Users?filter=${encodeURIComponent('userName eq "nobody@example.com"')}`),
      ...people.slice(0, 18).map((id, n) => {
        const removal = Object.values(REMOVALS)[n % Object.keys(REMOVALS).length];
        return () => (removal ?? (() => site.scim('get', '/Users')))(site, id);
      }),
      ...people
        .slice(0, 6)
        .map((id) => () => site.scim('patch', `/Users/${id}`, patch({ op: 'replace', value: { active: true } }))),
    ],
    8,
  );
  // A group's name that is taken, a person who was deleted a moment ago: refusals are part of it, failures are not.
  expect(Object.keys(mixed.statuses).filter((status) => Number(status) >= 500)).toEqual([]);
  await site.scan();
  site.clock.advance(20 * 60_000);
  await site.scan();
  expect((await site.scim('delete', path)).status).toBe(204);
}

describe.each(BACK_ENDS)('long mixed traffic in observe mode on %s', (backEnd: BackEnd) => {
  it('sends nothing but reads, through restarts and scans: nobody invited, removed or mailed [SA14]', async () => {
    const seed = {
      people: Array.from({ length: PEOPLE }, (_, n) => ({
        email: `p${n}@example.com`,
        displayName: `P ${n}`,
        access: true,
      })),
      groups: [{ name: 'team' }],
    };
    const shared = await startShared(backEnd, { seed });
    const { site: sandbox, store, clock } = shared;
    const people = seed.people.map(({ email }) => sandbox.findPersonByEmail(email)?.accountId ?? email);
    const names = ['team', 'group 0', 'group 1', 'renamed 0', 'renamed 1'];
    const snapshot = () => ({
      groups: names.map((name) => sandbox.findGroupByName(name) ?? 'none'),
      memberships: people.map((id) => sandbox.groupsOf(id)),
      seats: sandbox.seatsUsed(),
    });
    const before = snapshot();
    try {
      const settings = { ADOPT_GROUPS: `team,${sandbox.groups.access.name}`, TEST_ADDRESSES: 'test-*@example.com' };
      for (let round = 0; round < LIFETIMES; round += 1) {
        const site = await startObserved({ backEnd, site: sandbox, store, clock, settings });
        await playTraffic(site, people.slice(round * 28, round * 28 + 28), round);
        await site.close();
      }
      expect(sandbox.calls.filter(({ operation }) => !READS.has(operation))).toEqual([]);
      expect(sandbox.calls.length).toBeGreaterThan(100);
      expect(snapshot()).toEqual(before);
      expect((await store.plan.open()).length).toBeGreaterThan(10);

      // The same traffic on a bridge that is live is not made of reads alone: the list would notice.
      const live = await startTestBridge({ backEnd, site: sandbox, store, clock, settings });
      await live.scim('patch', `/Users/${people[58] ?? ''}`, {
        schemas: [PATCH_OP],
        Operations: [{ op: 'replace', value: { active: false } }],
      });
      expect(sandbox.calls.filter(({ operation }) => !READS.has(operation))).toHaveLength(1);
      await live.close();
    } finally {
      await shared.close();
    }
  }, 120_000);
});
