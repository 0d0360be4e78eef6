import { describe, expect, it } from '@jest/globals';
import type supertest from 'supertest';
import { ADA, bodyOf, detailOf, startInviting, type UserBody, type UserSite } from '../provisioning/userSite.js';
import { expectScimError } from '../support/bridge.js';
import { hasAccess, seen } from './beliefs.js';

const INVITE = { method: 'POST', path: /invite-by-email/ } as const;
const CHECK = { method: 'POST', path: /check-access-by-email/ } as const;

async function found(site: UserSite): Promise<readonly UserBody[]> {
  return site.find(`userName eq "${ADA}"`);
}

function invitations(site: UserSite): number {
  return site.received('writes').filter((operation) => operation === 'confluence.inviteByEmail').length;
}

describe('an invitation through Confluence', () => {
  it.each([
    ['without a body', ''],
    ['with a body', { invited: [ADA] }],
    ['with a body of another kind', 'accepted'],
  ])('answered 200 %s is one, and nobody is given more than was asked for', async (_name, body) => {
    const site = await startInviting();
    site.sandbox.faults.next({ ...INVITE, kind: 'error-after', status: 200, body });
    const reply = await site.create();
    expect(reply.status).toBe(201);
    expect(bodyOf(reply).active).toBe(true);
    expectScimError(await site.create(), 409, 'uniqueness');
    expect(invitations(site)).toBe(1);
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect(await site.link(bodyOf(reply).id)).toMatchObject({ accountId });
    expect((await seen(site, bodyOf(reply).id)).told).toEqual({ status: 200, active: true });
  });

  it.each([201, 202, 204])(
    'answered %s, which nobody documents, is no success, sent twice at most, and found when the account appears',
    async (status) => {
      const site = await startInviting();
      site.sandbox.faults.always({ ...INVITE, kind: 'error-after', status, body: '' });
      for (let round = 0; round < 4; round += 1) {
        const reply = await site.create();
        expect([409, 500, 503]).toContain(reply.status);
        expect(reply.body).not.toHaveProperty('scimType');
        expect(await found(site)).toEqual([]);
      }
      expect(invitations(site)).toBe(2);
      const { accountId } = site.sandbox.acceptInvitation(ADA);
      await site.scan();
      const reply = await site.create();
      expect(reply.status).toBe(201);
      expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true });
    },
  );

  it.each([400, 401, 403, 404, 503])('answered %s invites nobody, and can be repeated', async (status) => {
    const site = await startInviting();
    site.sandbox.faults.next({ ...INVITE, status, times: 3 });
    for (let round = 0; round < 3; round += 1) {
      expect((await site.create()).status).toBeGreaterThanOrEqual(400);
      expect(await found(site)).toEqual([]);
    }
    expect((await site.create()).status).toBe(201);
  });

  it('that waits for an approval which never comes gives no access, and can be taken back and deleted', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    for (let round = 0; round < 3; round += 1) await site.scan();
    expect(site.sandbox.findPersonByEmail(ADA)).toBeUndefined();
    expect((await site.link(id))?.invitedAt).toBeDefined();
    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    // Approved after all: what the identity provider wants now is what counts.
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect(hasAccess(site, accountId)).toBe(false);
    expect((await site.remove(id)).status).toBe(204);
    expectScimError(await site.get(id), 404);
  });

  it('of somebody who has access already is none: linked where the address shows, else 409', async () => {
    for (const emailVisible of [true, false]) {
      const site = await startInviting();
      const { accountId } = site.sandbox.addPerson({ email: ADA, emailVisible, access: true });
      const reply = await site.create();
      if (emailVisible) expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true });
      else expect(detailOf(reply)).toContain('link EMAIL ACCOUNT');
      expect(reply.status).toBe(emailVisible ? 201 : 409);
      expect(invitations(site)).toBe(0);
    }
  });
});

/** Answers to the question whether an address has access, and what they mean. */
const NO_ACCESS = [
  ['names it', { emailsWithoutAccess: [ADA], invalidEmails: [] }],
  ['names it in other letters', { emailsWithoutAccess: ['ADA@Example.com'], invalidEmails: [] }],
  ['names it in a field that nobody documents', { emailsWithoutAccess: [], noAccessEmails: [ADA] }],
  ['names it in both', { emailsWithoutAccess: [ADA], noAccessEmails: [ADA], invalidEmails: null }],
  ['names it beside fields that nobody knows', { emailsWithoutAccess: [ADA], invalidEmails: [], more: [1] }],
] as const;
const UNCLEAR = [
  ['calls it invalid', 200, { emailsWithoutAccess: [], invalidEmails: [ADA] }],
  ['lists it nowhere', 200, { emailsWithoutAccess: [], invalidEmails: [] }],
  ['has no list', 200, {}],
  ['is 400', 400, undefined],
  ['is 404', 404, undefined],
  ['is 503', 503, undefined],
] as const;

describe('the question whether an address has access', () => {
  it.each(NO_ACCESS)('is answered no when Atlassian %s: the address is invited', async (_name, body) => {
    const site = await startInviting();
    site.sandbox.faults.always({ ...CHECK, status: 200, body });
    expect((await site.create()).status).toBe(201);
    expect(invitations(site)).toBe(1);
  });

  it.each(UNCLEAR)('invites nobody and records nobody when the answer %s', async (_name, status, body) => {
    const site = await startInviting();
    const heal = site.sandbox.faults.always({ ...CHECK, status, body });
    for (let round = 0; round < 2; round += 1) {
      const reply = await site.create();
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.body).not.toHaveProperty('scimType', 'uniqueness');
      expect(await found(site)).toEqual([]);
    }
    expect(invitations(site)).toBe(0);
    heal();
    expect((await site.create()).status).toBe(201);
  });

  it.each(UNCLEAR)('is no success for a leaver when the answer %s; the wish is kept', async (_name, status, body) => {
    const site = await startInviting();
    const { id } = await site.created();
    const heal = site.sandbox.faults.always({ ...CHECK, status, body });
    const attempts: (() => Promise<supertest.Response>)[] = [() => site.state(id, false), () => site.remove(id)];
    for (const attempt of attempts) {
      const reply = await attempt();
      expect([409, 500, 503]).toContain(reply.status);
      expect((await site.get(id)).status).toBe(200);
    }
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect(hasAccess(site, accountId)).toBe(false);
    heal();
    expect((await site.state(id, false)).status).toBe(200);
    expect((await site.remove(id)).status).toBe(204);
  });
});
