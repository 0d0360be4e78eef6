import { describe, expect, it } from '@jest/globals';
import { createLeaverRemoval } from '../../src/provisioning/leaverRemoval.js';
import { operations, startTestBridge } from '../support/bridge.js';
import { ADA, startUsers, type UserSite } from '../provisioning/userSite.js';

const MINUTE_MS = 60_000;

/** Ada, deactivated through the bridge, is given access by hand a quarter of an hour later. */
async function leaverInside(settings: Readonly<Record<string, string>>): Promise<UserSite & { ada: string }> {
  const site = await startUsers({ settings });
  const { id: ada } = await site.created();
  await site.state(ada, false);
  site.clock.advance(15 * MINUTE_MS);
  site.sandbox.addMember(site.sandbox.groups.access.id, ada);
  site.sandbox.takeCalls();
  return { ...site, ada };
}

function hasAccess({ sandbox }: UserSite, id: string): boolean {
  return sandbox.groupsOf(id).includes(sandbox.groups.access.id);
}

describe('LEAVER_GUARD', () => {
  it('reports by default, and takes nothing [SA9]', async () => {
    const site = await leaverInside({});
    await site.scan();

    expect(hasAccess(site, site.ada)).toBe(true);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
    expect((await site.audited(site.ada)).at(-1)).toMatchObject({ event: 'leaver.hasAccess', decision: 'SA9' });
  });

  it('=remove takes the access again after the scan that shows it, and the audit says why [SA9]', async () => {
    const site = await leaverInside({ LEAVER_GUARD: 'remove' });
    await site.scan();

    expect(hasAccess(site, site.ada)).toBe(false);
    expect(operations(site.sandbox, 'writes')).toEqual(['confluence.removeMember']);
    expect((await site.audited(site.ada)).slice(-3)).toMatchObject([
      { event: 'leaver.hasAccess', decision: 'SA9', result: 'noted' },
      { event: 'group.memberRemoved', decision: 'LEAVER_GUARD=remove', caller: 'bridge', result: 'done' },
      { event: 'user.deactivated', decision: 'LEAVER_GUARD=remove', caller: 'bridge', result: 'done' },
    ]);
    const { status } = await site.state(site.ada, true);
    expect({ status, back: hasAccess(site, site.ada) }).toEqual({ status: 200, back: true });
  });

  it('=remove takes access once more from whom somebody lets in again and again, and never from active people [SA9]', async () => {
    const site = await leaverInside({ LEAVER_GUARD: 'remove' });
    const { id: bob } = await site.created({
      userName: 'bob@example.com',
      externalId: 'okta-bob',
      emails: [{ value: 'bob@example.com' }],
    });
    for (let round = 0; round < 2; round += 1) {
      await site.scan();
      expect([site.ada, bob].map((id) => hasAccess(site, id))).toEqual([false, true]);
      site.clock.advance(15 * MINUTE_MS);
      site.sandbox.addMember(site.sandbox.groups.access.id, site.ada);
    }
  });

  it('=remove waits while its own removal may only lag in the reads [US2] [SA9]', async () => {
    const site = await leaverInside({ LEAVER_GUARD: 'remove' });
    await site.scan();
    site.sandbox.takeCalls();
    site.clock.advance(MINUTE_MS);
    site.sandbox.addMember(site.sandbox.groups.access.id, site.ada);

    await site.scan();
    expect(operations(site.sandbox, 'writes')).toEqual([]);

    site.clock.advance(15 * MINUTE_MS);
    await site.scan();
    expect(hasAccess(site, site.ada)).toBe(false);
  });

  it('=remove takes nothing from whom the identity provider wants active by then [SA9]', async () => {
    const site = await leaverInside({ LEAVER_GUARD: 'remove' });
    site.sandbox.faults.when({ path: /membersByGroupId/ }, async () => {
      await site.state(site.ada, true);
    });
    await site.scan();

    expect(hasAccess(site, site.ada)).toBe(true);
    expect(operations(site.sandbox, 'writes')).not.toContain('confluence.removeMember');
  });

  it.each([
    ['the scan fails', { path: /membersByGroupId/, status: 503 }],
    ['a read of the person fails', { path: /memberof/, status: 503 }],
    ['the person is out already by a read made now', { path: /memberof/, status: 200, body: { results: [], size: 0 } }],
  ])('=remove takes nothing when %s [SA2] [SA9]', async (_what, fault) => {
    const site = await leaverInside({ LEAVER_GUARD: 'remove' });
    site.sandbox.faults.always(fault);
    await site.scan().catch(() => undefined);

    expect(hasAccess(site, site.ada)).toBe(true);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
  });

  it('=remove leaves protected people [SA8] [SA9]', async () => {
    const site = await leaverInside({});
    const guarded = await startTestBridge({
      site: site.sandbox,
      store: site.store,
      clock: site.clock,
      settings: { LEAVER_GUARD: 'remove', PROTECTED_USERS: ADA },
    });
    expect(guarded.config.leaverGuard).toBe('remove');

    expect(hasAccess(site, site.ada)).toBe(true);
    expect(operations(site.sandbox, 'writes')).toEqual([]);
  });

  it('=remove stops at the limit of the brake, and goes on when there is room again [SA9] [SA11]', async () => {
    const site = await startUsers({ settings: { LEAVER_GUARD: 'remove', ACCESS_LOSS_LIMIT: '2' } });
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const email = `p${n}@example.com`;
      const { id } = await site.created({ userName: email, externalId: email, emails: [{ value: email }] });
      await site.store.people.update(id, { wanted: 'inactive' });
      ids.push(id);
    }
    const inside = () => ids.filter((id) => hasAccess(site, id)).length;
    site.clock.advance(15 * MINUTE_MS);

    await site.scan();
    expect(inside()).toBe(2);
    await site.scan();
    expect(inside()).toBe(2);

    site.clock.advance(61 * MINUTE_MS);
    await site.scan();
    expect(inside()).toBe(0);
  });

  it('=remove takes access once, though two bridges on one store have seen it [SA9]', async () => {
    const site = await leaverInside({ LEAVER_GUARD: 'remove' });
    const other = await startTestBridge({
      site: site.sandbox,
      store: site.store,
      clock: site.clock,
      settings: { LEAVER_GUARD: 'remove' },
      scan: false,
    });

    await Promise.all([site.scan(), other.scan()]);

    const taken = (await site.audited(site.ada)).filter(({ decision }) => decision === 'LEAVER_GUARD=remove');
    expect(taken.map(({ event }) => event)).toEqual(['group.memberRemoved', 'user.deactivated']);
    expect(hasAccess(site, site.ada)).toBe(false);
  });

  it('=remove tries those whom it could not take out last, so that they keep nobody waiting [SA9]', async () => {
    const site = await startUsers({ settings: { ACCESS_LOSS_LIMIT: 'off' } });
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const email = `p${n}@example.com`;
      const { id } = await site.created({ userName: email, externalId: email, emails: [{ value: email }] });
      await site.store.people.update(id, { wanted: 'inactive' });
      ids.push(id);
    }
    ids.sort();
    site.clock.advance(15 * MINUTE_MS);
    await site.scan();
    const [first = '', second = ''] = ids;
    site.sandbox.faults.always({ method: 'DELETE', path: new RegExp(encodeURIComponent(first)), status: 503 });
    const removeOne = createLeaverRemoval(site.app.deps, 1);

    await removeOne(site.call('bridge'));
    expect(ids.filter((id) => !hasAccess(site, id))).toEqual([]);
    expect(site.logs.at(-1)).toMatchObject({ level: 'error', fields: { personId: first } });

    await removeOne(site.call('bridge'));
    expect(ids.filter((id) => !hasAccess(site, id))).toEqual([second]);
  });
});
