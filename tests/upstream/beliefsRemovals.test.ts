import { describe, expect, it } from '@jest/globals';
import { createGroup, detailOf, startUsers } from '../provisioning/userSite.js';
import { addTo, AFTER_OWN_WRITES_MS, hasAccess, membersShown, seen, takeFrom } from './beliefs.js';

/** `DELETE /wiki/rest/api/group/userByGroupId` for somebody who is no member: the document says 204. */
const NO_MEMBER = [204, 400, 404] as const;
/** Writes to a group that another identity provider or Atlassian keeps. */
const LOCKED = [403, 400, 'limit'] as const;

describe('taking somebody out who is no member', () => {
  it.each(NO_MEMBER)('is done for the group, whether Atlassian answers it with %s', async (strangerRemoval) => {
    const site = await startUsers({ sandbox: { strangerRemoval } });
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess', id);
    site.sandbox.removeMember(groupId, id);
    for (const round of ['first', 'again', 'when own writes count no more']) {
      if (round.startsWith('when')) site.clock.advance(AFTER_OWN_WRITES_MS);
      expect({ round, status: (await takeFrom(site, groupId, id)).status }).toEqual({ round, status: 204 });
      expect(await membersShown(site, groupId)).toEqual([]);
    }
    expect(hasAccess(site, id)).toBe(true);
    expect((await addTo(site, groupId, id)).status).toBe(204);
  });

  it.each(NO_MEMBER)(
    'is a deactivation that is done, whether Atlassian answers it with %s',
    async (strangerRemoval) => {
      const site = await startUsers({ sandbox: { strangerRemoval } });
      const { id } = await site.created();
      await site.scan();
      // The index still shows what somebody took by hand.
      site.sandbox.removeMember(site.sandbox.groups.access.id, id);

      for (let round = 0; round < 2; round += 1) expect((await site.state(id, false)).status).toBe(200);
      expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
      expect((await site.remove(id)).status).toBe(204);
    },
  );

  it.each([400, 404])('is not believed of an answer of %s while Atlassian shows the membership', async (status) => {
    const site = await startUsers();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess', id);
    const refusal = { method: 'DELETE', path: /userByGroupId/, status } as const;

    site.sandbox.faults.next(refusal);
    expect((await takeFrom(site, groupId, id)).status).toBe(503);
    expect(await membersShown(site, groupId)).toEqual([id]);
    expect((await takeFrom(site, groupId, id)).status).toBe(204);
    expect(site.sandbox.membersOf(groupId)).toEqual([]);

    site.sandbox.faults.next(refusal);
    expect((await site.state(id, false)).status).toBe(503);
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
    expect((await site.state(id, false)).status).toBe(200);
    expect(hasAccess(site, id)).toBe(false);
  });

  it.each([200, 202, 409, 500])('is no success on an answer of %s that nobody documents', async (status) => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.faults.next({ method: 'DELETE', path: /userByGroupId/, status, times: 3 });
    expect((await site.state(id, false)).status).toBeGreaterThanOrEqual(500);
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
    site.sandbox.faults.clear();
    expect((await site.state(id, false)).status).toBe(200);
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
  });
});

describe('a group that no API may change', () => {
  it.each(LOCKED)('stops no leaver from losing the rest, and is never called left: %s', async (lockedGroup) => {
    const site = await startUsers({ sandbox: { lockedGroup } });
    const { id } = await site.created();
    const { admins } = site.sandbox.groups;
    site.sandbox.addMember(admins.id, id);
    await site.scan();

    for (let round = 0; round < 2; round += 1) {
      const reply = await site.state(id, false);
      expect([409, 503]).toContain(reply.status);
      expect(site.sandbox.groupsOf(id)).toEqual([admins.id]);
      // Who still is in a granting group is not called inactive.
      expect((await seen(site, id)).told).toEqual({ status: 200, active: true });
    }
    site.sandbox.removeMember(admins.id, id);
    await site.scan();
    expect((await site.state(id, false)).status).toBe(200);
    expect((await seen(site, id)).told).toEqual({ status: 200, active: false });
  });

  it.each(LOCKED)('that became one after its creation gets and loses nobody: %s', async (lockedGroup) => {
    const site = await startUsers({ sandbox: { lockedGroup } });
    const { id } = await site.created();
    const other = await site.known({ email: 'grace@example.com' });
    const groupId = await createGroup(site, 'chess', id);
    // Atlassian locks it without showing so.
    site.sandbox.updateGroup(groupId, { writable: false });

    for (const send of [addTo, takeFrom]) {
      const person = send === addTo ? other.accountId : id;
      const reply = await send(site, groupId, person);
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.status).not.toBe(404);
      expect(detailOf(reply)).toMatch(/\. /);
      expect(await membersShown(site, groupId)).toEqual([id]);
    }
    site.sandbox.updateGroup(groupId, { writable: true });
    expect((await addTo(site, groupId, other.accountId)).status).toBe(204);
    expect((await takeFrom(site, groupId, id)).status).toBe(204);
    expect(site.sandbox.membersOf(groupId)).toEqual([other.accountId]);
  });

  it('is refused before any call where Atlassian shows who keeps it', async () => {
    const site = await startUsers({ settings: { ADOPT_GROUPS: '*' } });
    const { id } = await site.created();
    for (const { id: groupId } of [site.sandbox.groups.synced, site.sandbox.groups.team]) {
      expect((await addTo(site, groupId, id)).status).toBe(403);
    }
    expect(site.received('writes')).toEqual([]);
  });
});
