import { describe, expect, it } from '@jest/globals';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, createGroup, detailOf, startInviting, startUsers } from './userSite.js';

const INVITE = /invite-by-email/;
describe('POST without any right to look people up', () => {
  it('checks, invites once, and answers 201 with a minted id and active: entitled is what counts [US4] [US5]', async () => {
    const site = await startInviting();

    const reply = await site.create();

    expect(reply.status).toBe(201);
    expect(bodyOf(reply)).toMatchObject({ active: true, userName: ADA, externalId: 'okta-ada' });
    expect(bodyOf(reply).id).toMatch(/^inv-[0-9a-f-]{36}$/);
    expect(site.received()).toEqual(['confluence.checkAccessByEmail', 'confluence.inviteByEmail']);
    expect(bodyOf(await site.get(bodyOf(reply).id))).toMatchObject({ active: true });
    expect((await site.find(`userName eq "${ADA}"`)).map(({ id }) => id)).toEqual([bodyOf(reply).id]);
    expect(await site.store.intents.list('invite')).toEqual([]);
  });

  it('links somebody with access by a visible exact address, looking at a new scan where the index is old [US4]', async () => {
    const site = await startInviting();
    const { accountId } = site.sandbox.addPerson({ email: 'Ada@Example.com', access: true });

    const reply = await site.create();

    expect(reply.status).toBe(201);
    expect(bodyOf(reply)).toMatchObject({ id: accountId, active: true });
    expect(site.received('writes')).toEqual([]);
  });

  it('is 409 that names the command link when there is access and the address is hidden [US4]', async () => {
    const site = await startInviting();
    await site.known({ emailVisible: false, displayName: ADA });

    const reply = await site.create();

    expectScimError(reply, 409);
    expect(detailOf(reply)).toContain('confluence-scim-bridge link EMAIL ACCOUNT');
    expect(site.received('writes')).toEqual([]);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([]);
  });

  it('waits for the first scan, and is 503 when there is none in time: nobody is invited on absence [LI1]', async () => {
    const site = await startInviting({ scan: false, settings: { REQUEST_BUDGET_SECONDS: '4' } });
    site.sandbox.faults.always({ path: /membersByGroupId/, status: 503 });

    const reply = await site.create();

    expectScimError(reply, 503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
    expect(site.received('writes')).toEqual([]);
  });
});

describe('an invitation whose answer was lost', () => {
  it('is stored before the call; the repeat finds the person and invites nobody [US5] [SA6]', async () => {
    const site = await startInviting({ sandbox: { inviteAppears: 'at once' } });
    site.sandbox.faults.when({ path: INVITE }, async () => {
      expect(await site.store.intents.find('invite', ADA)).toMatchObject({ attempts: 1 });
    });
    site.sandbox.faults.next({ path: INVITE, kind: 'drop-after' });

    expectScimError(await site.create(), 503);
    expect(site.received('writes')).toEqual(['confluence.inviteByEmail']);

    const again = await site.create();
    expect(again.status).toBe(201);
    expect(bodyOf(again).id).toBe(site.sandbox.findPersonByEmail(ADA)?.accountId);
    expect(site.received('writes')).toEqual([]);
    expect(await site.store.intents.find('invite', ADA)).toBeUndefined();
  });

  it('is sent once more when nothing shows the person, audited, and then never again [US5]', async () => {
    const site = await startInviting();
    site.sandbox.faults.next({ path: INVITE, kind: 'drop-after', times: 2 });

    expectScimError(await site.create(), 503);
    expectScimError(await site.create(), 503);
    expect(site.received('writes')).toHaveLength(2);
    expect((await site.audited()).map(({ event }) => event)).toContain('user.inviteRepeated');

    const third = await site.create();
    expectScimError(third, 409);
    expect(detailOf(third)).toContain('link');
    expect(site.received('writes')).toEqual([]);

    site.sandbox.acceptInvitation(ADA);
    expect((await site.create()).status).toBe(201);
  });

  it('succeeds the second time when only the first answer was lost [US5]', async () => {
    const site = await startInviting();
    site.sandbox.faults.next({ path: INVITE, kind: 'drop-after' });
    await site.create();

    expect((await site.create()).status).toBe(201);
    expect(await site.store.intents.list('invite')).toEqual([]);
  });

  it.each([
    [503, 503],
    [403, 500],
    [400, 400],
    [429, 429],
  ])('is none when Atlassian answered %i, however often: there is nothing to look for [US5]', async (status, ours) => {
    const site = await startInviting();
    site.sandbox.faults.next({ path: INVITE, status, retryAfter: 60, times: 4 });
    for (let round = 0; round < 3; round += 1) {
      expectScimError(await site.create(), ours, ours === 400 ? 'invalidValue' : undefined);
      site.clock.advance(120_000);
    }
    site.sandbox.faults.clear();

    expect((await site.create()).status).toBe(201);
  });
});

describe('state invited', () => {
  it('is looked for by scans, keeps its id when the account appears, and becomes what it is entitled to [US5] [ID1]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    await site.scan();
    expect((await site.link(id))?.accountId).toBeUndefined();

    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();

    expect(await site.link(id)).toMatchObject({ id, accountId, invitedAt: undefined });
    expect(bodyOf(await site.get(id))).toMatchObject({ id, active: true });
    expect((await site.audited(id)).map(({ event, object }) => [event, object])).toContainEqual([
      'user.linked',
      accountId,
    ]);
    const list = (await site.scim('get', '/Users')).body as { Resources: { id: string }[] };
    expect(list.Resources.filter((user) => [id, accountId].includes(user.id)).map((user) => user.id)).toEqual([id]);
  });

  it('owes memberships, shows them meanwhile on both sides, and applies them when the account appears [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const design = await createGroup(site, 'Design', id);
    site.received();

    expect(bodyOf(await site.get(id)).groups?.map(({ display }) => display)).toEqual(['Design']);
    const group = (await site.scim('get', `/Groups/${design}`)).body as { members: { value: string }[] };
    expect(group.members.map(({ value }) => value)).toEqual([id]);
    expect(site.received('writes')).toEqual([]);

    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();

    expect(site.sandbox.membersOf(design)).toEqual([accountId]);
    expect(await site.holds(id, 'owed')).toEqual([]);
    expect(bodyOf(await site.get(id)).groups?.map(({ display }) => display)).toContain('Design');
  });

  it.each([503, 404])(
    'is settled again by the next scan when Atlassian answered %i to what is owed [US5] [SA2]',
    async (status) => {
      const site = await startInviting();
      const { id } = await site.created();
      const design = await createGroup(site, 'Design', id);
      const { accountId } = site.sandbox.acceptInvitation(ADA);
      site.sandbox.faults.always({ method: 'POST', path: /userByGroupId/, status });
      await site.scan();
      expect(site.sandbox.membersOf(design)).toEqual([]);
      expect(await site.holds(id, 'owed')).not.toEqual([]);

      site.sandbox.faults.clear();
      await site.scan();

      expect(site.sandbox.membersOf(design)).toEqual([accountId]);
      expect(await site.link(id)).toMatchObject({ accountId });
      expect(await site.holds(id, 'owed')).toEqual([]);
    },
  );

  it('forgets an owed group that was deleted meanwhile [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    const design = await createGroup(site, 'Design', id);
    site.sandbox.deleteGroup(design);
    site.sandbox.acceptInvitation(ADA);

    await site.scan();

    expect(await site.holds(id, 'owed')).toEqual([]);
    expect(bodyOf(await site.get(id)).active).toBe(true);
  });

  it('is not connected by a name, by a hidden address, or by an address two accounts show [US5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    site.sandbox.addPerson({ displayName: ADA, email: 'x@example.com', access: true });
    site.sandbox.addPerson({ email: ADA, emailVisible: false, access: true });
    await site.scan();
    expect((await site.link(id))?.accountId).toBeUndefined();

    site.sandbox.addPerson({ email: ADA, access: true });
    site.sandbox.addPerson({ email: ADA, access: true });
    await site.scan();
    expect((await site.link(id))?.accountId).toBeUndefined();
  });

  it('is connected by the address that was invited, whatever the profile says since [US5] [ID5]', async () => {
    const site = await startInviting();
    const { id } = await site.created();
    await site.replace(id, ada({ emails: [{ value: 'augusta@example.com' }] }));
    const { accountId } = site.sandbox.acceptInvitation(ADA);
    await site.scan();

    expect((await site.link(id))?.accountId).toBe(accountId);
  });

  it.each(['organization', 'jira'] as const)(
    'is connected by the look-up of credentials that grew since (%s) [US5]',
    async (backEnd) => {
      const site = await startInviting();
      const { id } = await site.created();
      const { sandbox, store, clock } = site;
      Object.assign(sandbox.options, { organization: true, jira: true });
      const { accountId } = sandbox.addPerson({ email: ADA, emailVisible: false });
      sandbox.updatePerson(accountId, { emailVisible: backEnd === 'jira' });
      const grown = await startUsers({ backEnd, site: sandbox, store, clock });

      expect(await grown.link(id)).toMatchObject({ accountId });
      expect(bodyOf(await grown.get(id))).toMatchObject({ id, active: true });
      expect(sandbox.groupsOf(accountId)).toEqual([sandbox.groups.access.id]);
    },
  );
});
