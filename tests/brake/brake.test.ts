import { describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { RELEASED_BRAKE } from '../../src/provisioning/brake.js';
import { releaseBrake } from '../../src/provisioning/brakeStatus.js';
import { deactivateByHand } from '../../src/provisioning/byHand.js';
import { expectScimError, operations } from '../support/bridge.js';
import { ACCESS_GROUP, REMOVALS, type Crowd, startCrowd } from './wave.js';

const MINUTE = 60_000;
const REFUSAL =
  /^The mass-removal brake has stopped this message, and nothing of it was done: 10 people lost access to Confluence in the last 60 minutes, and this message would take it from 1 more, over the limit of 10 \(ACCESS_LOSS_LIMIT\)\. .* confluence-scim-bridge brake release\. .* confluence-scim-bridge deactivate EMAIL\./;

/** Ten of twenty people have lost access: the limit, since 20 % of 21 are fewer. */
async function startTripping(options: Parameters<typeof startCrowd>[1] = {}): Promise<Crowd & { next: string }> {
  const site = await startCrowd(20, options);
  for (const id of site.people.slice(0, 10)) expect((await deactivate(site, id)).status).toBe(200);
  site.sandbox.takeCalls();
  return { ...site, next: site.people[10] ?? '' };
}

function deactivate(site: Crowd, id: string): supertest.Test {
  return site.scim('patch', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  });
}

function reactivate(site: Crowd, id: string): supertest.Test {
  return site.scim('patch', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: true }],
  });
}

async function release(site: Crowd, forMs = 0): Promise<void> {
  await releaseBrake(site.store, site.clock.now() + forMs, site.clock, site.call('operator'));
}

async function metric(site: Crowd, name: string): Promise<string | undefined> {
  const { text } = await supertest(site.url)
    .get('/metrics')
    .set('Authorization', 'Bearer okta-secret-0123456789abcdef');
  return new RegExp(`^confluence_scim_bridge_${name} (.*)$`, 'm').exec(text)?.[1];
}

describe('the person over the limit', () => {
  it.each(Object.entries(REMOVALS).filter(([name]) => !name.includes('granting')))(
    'is refused by %s with what tripped, what was done and what releases it, and nothing is recorded [SA11]',
    async (_name, removal) => {
      const site = await startTripping();

      const reply = await removal(site, site.next);

      expectScimError(reply, 503);
      expect(reply.headers['retry-after']).toBe('300');
      expect((reply.body as { detail: string }).detail).toMatch(REFUSAL);
      expect(operations(site.sandbox, 'writes').filter((name) => name !== 'confluence.listAccounts')).toEqual([]);
      expect(site.withAccess()).toContain(site.next);
      expect(await site.store.people.findByAccount(site.next)).toBeUndefined();
      expect(await site.store.holds.ofPerson(site.next)).toEqual([]);
    },
  );

  it('costs no upstream call once linked, and keeps what was wanted [SA11]', async () => {
    const site = await startCrowd(12);
    const id = site.people[11] ?? '';
    expect((await reactivate(site, id)).status).toBe(200);
    const before = await site.store.people.find(id);
    for (const other of site.people.slice(0, 10)) await deactivate(site, other);
    site.sandbox.takeCalls();

    for (const reply of [await deactivate(site, id), await site.scim('delete', `/Users/${id}`)])
      expectScimError(reply, 503);

    expect(site.sandbox.calls).toEqual([]);
    expect(await site.store.people.find(id)).toEqual(before);
  });

  it('is not renamed by a POST that would take the record up and its access away [SA11] [US6]', async () => {
    const site = await startCrowd(12);
    const user = (userName: string, more: object) => ({
      userName,
      externalId: 'kept',
      emails: [{ value: 'p11@example.com', primary: true }],
      ...more,
    });
    const created = await site.scim('post', '/Users', user('p11@example.com', {}));
    const { id } = created.body as { id: string };
    for (const other of site.people.slice(0, 10)) await deactivate(site, other);
    const before = await site.store.people.find(id);

    expectScimError(await site.scim('post', '/Users', user('renamed@example.com', { active: false })), 503);

    expect(await site.store.people.find(id)).toEqual(before);
    expect(site.withAccess()).toContain(id);
  });

  it('is protected first, and unknown first [SA11] [SA8]', async () => {
    const site = await startTripping({ settings: { PROTECTED_USERS: 'p15@example.com' } });

    expect((await deactivate(site, site.people[15] ?? '')).status).toBe(403);
    expect((await deactivate(site, 'nobody')).status).toBe(404);
  });
});

describe('while the brake refuses', () => {
  it('people are created, reactivated and put into groups [SA11]', async () => {
    const site = await startTripping();
    await deactivate(site, site.next);
    const user = { userName: 'new@example.com', emails: [{ value: 'new@example.com' }] };

    expect((await site.scim('post', '/Users', user)).status).toBe(201);
    expect((await reactivate(site, site.people[0] ?? '')).status).toBe(200);
    const group = { displayName: 'Design', members: site.people.slice(12).map((value) => ({ value })) };
    expect((await site.scim('post', '/Groups', group)).status).toBe(201);
    expectScimError(await deactivate(site, site.next), 503);
  });

  it('what changes nothing succeeds, and whoever is counted may lose access again [SA11]', async () => {
    const site = await startTripping();
    const [counted = ''] = site.people;

    expect((await deactivate(site, counted)).status).toBe(200);
    expect((await reactivate(site, counted)).status).toBe(200);
    expect((await deactivate(site, counted)).status).toBe(200);
    expect((await site.scim('delete', `/Users/${counted}`)).status).toBe(204);
    expectScimError(await deactivate(site, site.next), 503);
  });

  it('log, audit, metrics and health say so; the log and the trip once [SA11] [SA10]', async () => {
    const site = await startTripping();
    expect((await supertest(site.url).get('/healthz')).body).toMatchObject({
      status: 'up',
      parts: { brake: { ok: true } },
    });

    await deactivate(site, site.next);
    await deactivate(site, site.people[12] ?? '');

    const errors = site.logs.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      message: expect.stringContaining('brake release'),
      fields: { counter: 'access', counted: 10, asked: 1, limit: 10, caller: 'okta' },
    });
    const trips = await site.store.audit.list({ subject: 'access', limit: 10 });
    expect(trips).toMatchObject([{ event: 'brake.tripped', decision: 'SA11', caller: 'okta', result: 'noted' }]);
    const refused = await site.store.audit.list({ subject: site.next, limit: 10 });
    expect(refused).toMatchObject([{ event: 'user.deactivated', decision: 'SA11', result: 'refused' }]);
    expect((await supertest(site.url).get('/healthz')).body).toMatchObject({
      status: 'degraded',
      parts: { brake: { ok: false, message: expect.stringContaining('brake status') } },
    });
    expect((await supertest(site.url).get('/readyz')).status).toBe(200);
    expect(await metric(site, 'brake_trips_total{counter="access"}')).toBe('1');
    expect(await metric(site, 'brake_refusals_total{counter="access"}')).toBe('2');
    expect(await metric(site, 'removals_total{counter="access"}')).toBe('10');
    expect(await metric(site, 'brake_access_losses')).toBe('10');
    expect(await metric(site, 'brake_tripped')).toBe('1');
  });

  it('the operator deactivates the urgent leaver, by address or id, without using room up [SA11]', async () => {
    const site = await startTripping();
    const deps = { ...site.app.deps, brake: RELEASED_BRAKE };

    await deactivateByHand('P10@example.com', deps, site.call('operator'));
    await deactivateByHand(site.people[11] ?? '', deps, site.call('operator'));

    expect(site.withAccess()).toEqual(site.people.slice(12));
    expect(await site.store.people.find(site.next)).toMatchObject({ wanted: 'inactive', userName: 'p10@example.com' });
    const audited = await site.store.audit.list({ subject: site.next, limit: 10 });
    expect(audited).toMatchObject([{ event: 'user.deactivated', caller: 'operator' }, {}, {}]);
    expect((await site.store.brake.counted('access', 0)).size).toBe(10);
    await expect(deactivateByHand('nobody@example.com', deps, site.call('operator'))).rejects.toMatchObject({
      kind: 'notFound',
    });
  });
});

describe('room comes back', () => {
  it('when the window has moved on, person by person [SA11]', async () => {
    const site = await startCrowd(20);
    const [first = '', second = '', ...others] = site.people;
    await deactivate(site, first);
    site.clock.advance(30 * MINUTE);
    for (const id of others.slice(0, 9)) expect((await deactivate(site, id)).status).toBe(200);
    expectScimError(await deactivate(site, second), 503);
    site.clock.advance(29 * MINUTE);
    expectScimError(await deactivate(site, second), 503);

    site.clock.advance(2 * MINUTE);

    expect((await deactivate(site, second)).status).toBe(200);
    expectScimError(await deactivate(site, others[9] ?? ''), 503);
  });

  it('when the operator releases it: it counts from zero, and the next trip is a new one [SA11]', async () => {
    const site = await startTripping();
    await deactivate(site, site.next);
    site.clock.advance(1000);

    await release(site);

    expect((await supertest(site.url).get('/healthz')).body).toMatchObject({ parts: { brake: { ok: true } } });
    expect((await site.store.audit.list({ subject: 'brake', limit: 1 }))[0]).toMatchObject({
      event: 'brake.released',
      caller: 'operator',
    });
    site.clock.advance(1000);
    for (const id of site.people.slice(10)) expect((await deactivate(site, id)).status).toBe(200);
    expect(site.withAccess()).toEqual([]);
  });

  it('when it is released for a while: everything passes, and counts from zero at the end [SA11]', async () => {
    const site = await startCrowd(40);
    await release(site, 60 * MINUTE);
    for (const id of site.people.slice(0, 15)) expect((await deactivate(site, id)).status).toBe(200);

    site.clock.advance(61 * MINUTE);

    for (const id of site.people.slice(15, 25)) expect((await deactivate(site, id)).status).toBe(200);
    expectScimError(await deactivate(site, site.people[25] ?? ''), 503);
  });

  it('at once, where Atlassian certainly did not take anything; not, where nobody knows [SA11]', async () => {
    const site = await startCrowd(20);
    const [refused = '', lost = ''] = site.people;
    const counted = () => site.store.brake.counted('access', 0);

    site.sandbox.faults.next({ method: 'DELETE', path: /userByGroupId/, status: 401 });
    expect((await deactivate(site, refused)).status).toBe(500);
    expect(await counted()).toEqual(new Set());

    site.sandbox.faults.always({ method: 'DELETE', path: /userByGroupId/, status: 503 });
    expect((await deactivate(site, lost)).status).toBe(503);
    expect(await counted()).toEqual(new Set([lost]));
  });
});

describe('a limit', () => {
  it('is the share where that is more, of the people there are and those who left, so that it does not shrink [SA11]', async () => {
    const site = await startCrowd(99, { settings: { ACCESS_LOSS_LIMIT: '5,30%' } });

    for (const id of site.people.slice(0, 30)) expect((await deactivate(site, id)).status).toBe(200);
    await site.scan();

    expectScimError(await deactivate(site, site.people[30] ?? ''), 503);
  });

  it('waits for the first scan, which tells what its share is of [SA11] [LI1]', async () => {
    const site = await startCrowd(60, { scan: false });
    for (const id of site.people.slice(0, 11)) expect((await deactivate(site, id)).status).toBe(200);
    expect(await site.store.index.scannedAtMs()).toBeDefined();
    expect((await deactivate(site, site.people[11] ?? '')).status).toBe(200);
    expectScimError(await deactivate(site, site.people[12] ?? ''), 503);
  });

  it('that is off refuses nobody [SA11]', async () => {
    const site = await startCrowd(15, { settings: { ACCESS_LOSS_LIMIT: 'off', ADOPT_GROUPS: ACCESS_GROUP } });

    for (const id of site.people) expect((await deactivate(site, id)).status).toBe(200);
  });
});
