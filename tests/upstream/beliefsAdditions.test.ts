import { describe, expect, it } from '@jest/globals';
import { ADA, bodyOf, createGroup, detailOf, startUsers } from '../provisioning/userSite.js';
import { expectScimError } from '../support/bridge.js';
import { addTo, AFTER_OWN_WRITES_MS, hasAccess, membersShown, seen, UNSEEN } from './beliefs.js';

/** `POST /wiki/rest/api/group/userByGroupId` for a member: 201 is the answer to an addition; 400 is Jira's. */
const DUPLICATE = [200, 201, 204, 400, 404, 409, 500] as const;
/** The same for an account that is not in the directory: 404 is the Organizations API's answer. */
const STRANGER = [400, 404, 'limit'] as const;

describe('adding somebody who is a member already', () => {
  it.each(DUPLICATE)('is done for the group, whether Atlassian answers it with %s', async (duplicateAdd) => {
    const site = await startUsers({ sandbox: { duplicateAdd } });
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess');
    site.sandbox.addMember(groupId, id);

    for (const round of ['first', 'again', 'when own writes count no more']) {
      if (round.startsWith('when')) site.clock.advance(AFTER_OWN_WRITES_MS);
      expect({ round, status: (await addTo(site, groupId, id)).status }).toEqual({ round, status: 204 });
    }
    expect(await membersShown(site, groupId)).toEqual([id]);
    expect(site.sandbox.membersOf(groupId)).toEqual([id]);
  });

  it.each(DUPLICATE)('gives access, whether Atlassian answers it with %s', async (duplicateAdd) => {
    const site = await startUsers({ sandbox: { duplicateAdd } });
    const { id } = await site.created();
    site.clock.advance(AFTER_OWN_WRITES_MS);
    for (const round of ['first', 'again']) {
      // The read lags, so that the bridge adds whom it need not.
      site.sandbox.faults.next(UNSEEN);
      const reply = await site.state(id, true);
      expect({ round, status: reply.status, active: bodyOf(reply).active }).toEqual({
        round,
        status: 200,
        active: true,
      });
    }
    expect(await seen(site, id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
  });

  it('is no success on an answer nobody documents, when the person is no member afterwards', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess');
    for (const status of [200, 202, 204]) {
      site.sandbox.faults.next({ method: 'POST', path: /userByGroupId/, status, body: '' });
      expectScimError(await addTo(site, groupId, id), 500);
      expect(await membersShown(site, groupId)).toEqual([]);
    }
    expect((await addTo(site, groupId, id)).status).toBe(204);
    expect(await membersShown(site, groupId)).toEqual([id]);
  });
});

describe('adding an account that is not in the directory', () => {
  it.each(STRANGER)('to a group is refused for the person, whether Atlassian answers %s', async (strangerAdd) => {
    const site = await startUsers({ sandbox: { strangerAdd } });
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess');
    site.sandbox.removeMember(site.sandbox.groups.access.id, id);
    site.sandbox.updatePerson(id, { inDirectory: false });

    for (let round = 0; round < 2; round += 1) {
      const reply = await addTo(site, groupId, id);
      expect([400, 409]).toContain(reply.status);
      expect(reply.body).not.toHaveProperty('scimType', 'uniqueness');
      expect(await membersShown(site, groupId)).toEqual([]);
    }
    site.sandbox.updatePerson(id, { inDirectory: true });
    expect((await addTo(site, groupId, id)).status).toBe(204);
    expect(site.sandbox.membersOf(groupId)).toEqual([id]);
  });

  it.each(STRANGER)('gives no access and shows none, whether Atlassian answers %s', async (strangerAdd) => {
    // The organization invites the person again.
    const site = await startUsers({ backEnd: 'jira', sandbox: { strangerAdd } });
    const { id } = await site.created();
    expect((await site.state(id, false)).status).toBe(200);
    site.sandbox.updatePerson(id, { inDirectory: false });

    for (let round = 0; round < 2; round += 1) {
      expectScimError(await site.state(id, true), 409);
      expect(await seen(site, id)).toEqual({ told: { status: 200, active: false }, hasAccess: false });
    }
    site.sandbox.updatePerson(id, { inDirectory: true });
    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(hasAccess(site, id)).toBe(true);
  });
});

describe('adding somebody for whom no seat is free', () => {
  const LIMIT = 'Product License Limit Exceeded';

  it.each([
    ['500 of the identity service', undefined],
    ['409', { method: 'POST', path: /userByGroupId/, status: 409, body: { statusCode: 409, message: LIMIT } }],
  ] as const)('is 409 that names the licence, shown inactive, and done once one is free: %s', async (_name, fault) => {
    const site = await startUsers({ backEnd: 'jira', ...(fault === undefined ? { sandbox: { seats: 1 } } : {}) });
    const heal = fault === undefined ? () => undefined : site.sandbox.faults.always(fault);

    for (let round = 0; round < 2; round += 1) {
      const reply = await site.create();
      expectScimError(reply, 409);
      expect(detailOf(reply)).toMatch(/licen[cs]e/);
      expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
    }
    heal();
    site.sandbox.options.seats = undefined;
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(await seen(site, bodyOf(reply).id)).toEqual({ told: { status: 200, active: true }, hasAccess: true });
  });
});

describe('adding to a group that is gone', () => {
  it.each([200, 404] as const)('is 404, whether its members are listed with %s', async (unknownGroupMembers) => {
    const site = await startUsers({ sandbox: { unknownGroupMembers } });
    const { id } = await site.created();
    const groupId = await createGroup(site, 'chess');
    await site.scan();
    site.sandbox.deleteGroup(groupId);

    expectScimError(await addTo(site, groupId, id), 404);
    expect(hasAccess(site, id)).toBe(true);
  });
});
