import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, createGroup, detailOf, startInviting, startUsers, type UserSite } from './userSite.js';

const CHECK = /check-access-by-email/;

describe('a deactivation before the account appears', () => {
  it('is 200 when the address has no access, and is carried out if the account appears [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();

    const reply = await site.state(id, false);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply).active).toBe(false);
    expect(site.received()).toEqual(['confluence.checkAccessByEmail']);
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    expect(bodyOf(await site.get(id))).toMatchObject({ active: false });
  });

  it('is carried out by a later scan when the first attempt at it failed [US5] [SA6]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    await site.state(id, false);
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    site.sandbox.faults.always({ method: 'DELETE', path: /userByGroupId/, status: 503 });
    await site.scan();
    expect(site.sandbox.groupsOf(accountId)).toHaveLength(1);

    site.sandbox.faults.clear();
    await site.scan();
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it('can be taken back though the scan that carried it out was not answered, and no scan shows the account any more [US5] [SA6]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const design = await createGroup(site, 'Design', id);
    await site.state(id, false);
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    site.sandbox.faults.always({ method: 'DELETE', path: /userByGroupId/, kind: 'drop-after' });
    await site.scan();
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    site.sandbox.faults.clear();
    await site.scan();

    expect(bodyOf(await site.state(id, true)).active).toBe(true);

    expect([...site.sandbox.groupsOf(accountId)].sort()).toEqual([design, site.sandbox.groups.access.id].sort());
    expect(await site.store.intents.list('settle')).toEqual([]);
  });

  it.each([
    ['PATCH', (site: UserSite, id: string) => site.state(id, false)],
    ['PUT', (site: UserSite, id: string) => site.replace(id, ada({ active: false }))],
  ])('finds and takes access that is visible, by %s [US5]', async (_name, send) => {
    const site = await startInviting();
    const { id } = await site.created();
    const { accountId } = site.sandbox.acceptInvitation(ADA);

    const reply = await send(site, id);

    expect(reply.status).toBe(200);
    expect(bodyOf(reply)).toMatchObject({ id, active: false });
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    expect((await site.link(id))?.accountId).toBe(accountId);
  });

  it('is 409 that names link when there is access that nobody can be found for; the wish is kept [US5]', async () => {
    const site = await startInviting({ sandbox: { newAccountsShowEmail: false } });
    const { id } = await site.created();
    const { accountId } = site.sandbox.acceptInvitation(ADA);

    const reply = await site.state(id, false);

    expectScimError(reply, 409);
    expect(detailOf(reply)).toContain('confluence-scim-bridge link EMAIL ACCOUNT');
    expect((await site.link(id))?.wanted).toBe('inactive');

    site.sandbox.updatePerson(accountId, { emailVisible: true });
    await site.scan();
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it('is 503 when Atlassian does not say; the wish is kept [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    site.sandbox.faults.always({ path: CHECK, status: 503 });

    expectScimError(await site.state(id, false), 503);
    expect((await site.link(id))?.wanted).toBe('inactive');

    site.sandbox.faults.clear();
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it('can be taken back while the invitation is pending, without another invitation [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const design = await createGroup(site, 'Design', id);
    await site.state(id, false);
    site.received();

    expect(bodyOf(await site.state(id, true)).active).toBe(true);
    expect(site.received('writes')).toEqual([]);
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();
    expect(bodyOf(await site.get(id)).active).toBe(true);
    expect(site.sandbox.membersOf(design)).toEqual([accountId]);
  });

  it('is judged against Atlassian also for somebody recorded only, whom an admin has invited since [US2] [US5]', async () => {
    for (const backEnd of ['organization', 'jira', 'invite'] as const) {
      const site = await startUsers({ backEnd });
      const { id } = await site.created({ active: false });
      const { accountId } = site.sandbox.addPerson({ email: ADA, access: true });

      expect(bodyOf(await site.state(id, false)).active).toBe(false);
      expect(site.sandbox.groupsOf(accountId)).toEqual([]);
      await site.close();
    }
  });

  it('is 409 that names link for a POST of active: false where hidden access may be behind the address [US5]', async () => {
    const site = await startInviting();
    await site.known({ emailVisible: false });

    const reply = await site.create({ active: false });

    expectScimError(reply, 409);
    expect(detailOf(reply)).toContain('link');
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([expect.objectContaining({ active: false })]);
  });
});

describe('DELETE of an invited person', () => {
  it('needs a look whether there is access, and takes it where it is visible [US9] [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const { accountId } = site.sandbox.acceptInvitation(ADA);

    expect((await site.remove(id)).status).toBe(204);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    expectScimError(await site.get(id), 404);
  });

  it('is 409 and keeps the record where there is access and the address is hidden [US9] [US5]', async () => {
    const site = await startInviting({ sandbox: { newAccountsShowEmail: false } });
    const { id } = await site.created();
    site.sandbox.acceptInvitation(ADA);

    expectScimError(await site.remove(id), 409);
    expect(await site.link(id)).toMatchObject({ wanted: 'inactive' });
  });

  it('is 503 and keeps the record when Atlassian does not say [US9] [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    site.sandbox.faults.always({ path: CHECK, status: 503 });

    expectScimError(await site.remove(id), 503);
    expect(await site.link(id)).toMatchObject({ wanted: 'inactive' });
  });

  it('is 204 and forgets the owed memberships where there is no access [US9] [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const design = await createGroup(site, 'Design', id);

    expect((await site.remove(id)).status).toBe(204);
    expectScimError(await site.get(id), 404);
    const group = (await site.scim('get', `/Groups/${design}`)).body as object;
    expect(group).not.toHaveProperty('members');
  });
});

describe('a person who is created again after a DELETE that came before the account', () => {
  it('keeps the access, whatever the scan that finds the account was about to take [US9] [US6]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    await site.remove(id);
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    const creation = site.created();
    // What follows the scan that the creation asks for has its list by now, and gets no answer before the record is there.
    site.sandbox.faults.when({ path: /memberof|users-bulk/, times: 1 }, async () => {
      await creation;
    });

    expect(await creation).toMatchObject({ id: accountId, active: true });
    while (!site.app.roster.settled()) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(site.sandbox.groupsOf(accountId)).toHaveLength(1);
    expect(await site.link(accountId)).toMatchObject({ wanted: 'active' });
  });
});
