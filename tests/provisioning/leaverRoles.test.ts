import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../src/sandbox/faults.js';
import { startUsers, type UserSite } from './userSite.js';

const USER = 'atlassian/user';
const ROLES = /users\/[^/]+\/role-assignments/;
const LOOKED: Fault = { method: 'GET', path: ROLES };
const NOBODY = { data: [], links: { next: null } };

/** Ada, who left through the bridge and has a role of her own, at the time when it may be looked. */
async function startWithLeaver(
  directRoles: readonly string[] = [USER],
  options: Parameters<typeof startUsers>[0] = {},
) {
  const site = await startUsers(options);
  const { id } = await site.created();
  site.sandbox.updatePerson(id, { directRoles });
  expect((await site.state(id, false)).status).toBe(200);
  site.clock.advance(11 * 60_000);
  site.received();
  return { site, id };
}

const errorsOf = ({ logs }: UserSite) =>
  logs.filter(({ level, message }) => level === 'error' && message.includes('Remove access'));

const looks = (site: UserSite): number =>
  site.received().filter((operation) => operation === 'organization.listUserRoles').length;

async function open(site: UserSite) {
  return (await site.store.roles.openLeavers()).map(({ personId, roles }) => [
    personId,
    roles?.map(({ name }) => name),
  ]);
}

async function noted(site: UserSite, id: string): Promise<readonly string[]> {
  return (await site.audited(id)).map(({ event }) => event).filter((event) => event.startsWith('leaver.'));
}

async function metric(site: UserSite): Promise<number> {
  const text = await (
    await fetch(`${site.url}/metrics`, { headers: { Authorization: 'Bearer okta-secret-0123456789abcdef' } })
  ).text();
  return Number(/leavers_with_roles (\d+)/.exec(text)?.[1]);
}

describe('roles that somebody keeps who left', () => {
  it.each([
    ['a role on Confluence', USER, 'user on confluence'],
    ['the role of a site admin', 'atlassian/site-admin', 'site-admin on the site'],
    ['the role of a guest', 'atlassian/guest', 'guest on confluence'],
  ])('being %s, are looked for after the scan', async (_, role, said) => {
    const { site, id } = await startWithLeaver([role]);
    await site.scan();

    expect(errorsOf(site).map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ personId: id, roles: [said] }),
    ]);
    expect((await site.audited(id)).at(-1)).toMatchObject({
      event: 'leaver.hasRole',
      note: expect.stringContaining(said),
    });
  });

  it('are told: log, metric, audit, with the way out, once in the audit and at every look in the log [SA16]', async () => {
    const { site, id } = await startWithLeaver();
    await site.scan();
    site.clock.advance(60_000);
    await site.scan();

    expect(errorsOf(site)).toHaveLength(2);
    expect(await metric(site)).toBe(1);
    expect(await noted(site, id)).toEqual(['leaver.hasRole']);
    expect((await site.audited(id)).at(-1)).toMatchObject({
      subject: id,
      object: id,
      decision: 'SA16',
      result: 'noted',
      note: expect.stringMatching(/Remove access/),
      upstream: [expect.objectContaining({ operation: 'organization.listUserRoles', status: 200 })],
    });

    site.sandbox.updatePerson(id, { directRoles: [] });
    await site.scan();
    expect(await open(site)).toEqual([]);
    expect(await metric(site)).toBe(0);
    expect(await noted(site, id)).toEqual(['leaver.hasRole', 'leaver.roleGone']);
  });

  it('are looked for when the person was deleted, and not when he came back [SA16]', async () => {
    const { site, id } = await startWithLeaver();
    await site.remove(id);
    site.clock.advance(11 * 60_000);
    await site.scan();
    expect(await open(site)).toEqual([[id, ['user']]]);

    await site.created();
    await site.scan();
    expect(await open(site)).toEqual([]);
  });

  it('are not looked for while reads may lag, nor week after week, nor where a group gives them [SA16]', async () => {
    const { site, id } = await startWithLeaver([]);
    const { id: bob } = await site.created({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }] });
    await site.state(bob, false);
    await site.scan();
    // Of the two, Ada alone left long enough ago, and one look is the bridge's own account.
    expect(looks(site)).toBe(2);
    await site.scan();
    expect(looks(site)).toBe(0);

    site.sandbox.addMember(site.sandbox.groups.access.id, bob);
    site.clock.advance(11 * 60_000);
    await site.scan();
    expect(looks(site)).toBe(0);

    site.clock.advance(8 * 24 * 60 * 60_000);
    await site.scan();
    expect(looks(site)).toBe(0);
    expect(await noted(site, id)).toEqual([]);
  });

  it('are looked for in bounded steps after a wave, everybody in turn [SA16]', async () => {
    const { site } = await startWithLeaver([], { settings: { ACCESS_LOSS_LIMIT: 'off' } });
    for (let n = 0; n < 29; n += 1) {
      const { id } = await site.created({ userName: `p${n}@example.com`, emails: [{ value: `p${n}@example.com` }] });
      await site.state(id, false);
    }
    site.clock.advance(11 * 60_000);
    site.received();
    const counts: number[] = [];
    for (let scan = 0; scan < 3; scan += 1) {
      await site.scan();
      counts.push(looks(site));
    }
    expect(counts).toEqual([21, 11, 0]);
  });

  it.each<[string, Fault, boolean]>([
    ['nothing, for everybody', { ...LOOKED, status: 200, body: NOBODY }, false],
    ['404, for everybody', { ...LOOKED, status: 404 }, false],
    ['403', { ...LOOKED, status: 403 }, true],
    ['an outage', { ...LOOKED, kind: 'html' }, true],
    ['of another shape', { ...LOOKED, status: 200, body: { data: [{}] } }, true],
  ])('could not be looked at when the answer is %s: never claimed away [SA2] [SA16]', async (_, fault, isTold) => {
    const { site, id } = await startWithLeaver();
    const heal = site.sandbox.faults.always(fault);
    await site.scan();

    expect(await open(site)).toEqual([[id, undefined]]);
    expect(await noted(site, id)).toEqual([]);
    expect(site.logs.some(({ message }) => message.includes('could not be looked at'))).toBe(isTold);

    heal();
    await site.scan();
    expect(await open(site)).toEqual([[id, ['user']]]);
    site.sandbox.faults.always(fault);
    await site.scan();
    expect(await open(site)).toEqual([[id, ['user']]]);
    expect(await noted(site, id)).toEqual(['leaver.hasRole']);
  });

  it('are none of somebody removed from the site, which 404 says while the own account is shown [SA16]', async () => {
    const { site, id } = await startWithLeaver();
    site.sandbox.removeFromSite(id);
    await site.scan();
    expect(await open(site)).toEqual([]);
    expect(await noted(site, id)).toEqual([]);
  });

  it('are asked for by no request, and not without an organization key [SA16]', async () => {
    const { site, id } = await startWithLeaver();
    await site.state(id, false);
    await site.get(id);
    expect(looks(site)).toBe(0);

    const invite = await startUsers({ backEnd: 'invite' });
    const { accountId } = await invite.known();
    await invite.state(accountId, false);
    invite.clock.advance(11 * 60_000);
    await invite.scan();
    expect(looks(invite)).toBe(0);
  });
});
