import { describe, expect, it } from '@jest/globals';
import { linkAccount } from '../../src/provisioning/linking.js';
import { expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, startUsers, type UserSite } from './userSite.js';

const link = (site: UserSite, email: string, accountId: string): Promise<string> =>
  linkAccount(email, accountId, site.app.deps, site.call('operator'));

/** Ada invited, with an account whose address is hidden. */
async function startWithHidden(): Promise<{ site: UserSite; id: string; accountId: string }> {
  const site = await startUsers({
    backEnd: 'invite',
    sandbox: { inviteAppears: 'never', newAccountsShowEmail: false },
  });
  const { id } = await site.created();
  const { accountId } = site.sandbox.acceptInvitation(ADA);
  await site.scan();
  site.received();
  return { site, id, accountId };
}

describe('the command link', () => {
  it('connects an invited person with the account the operator names, and applies what is owed [US5]', async () => {
    const { site, id, accountId } = await startWithHidden();
    const group = await site.scim('post', '/Groups', { displayName: 'Design', members: [{ value: id }] });

    expect(await link(site, ' ADA@example.com ', accountId)).toBe(id);

    expect(await site.link(id)).toMatchObject({ id, accountId, invitedAt: undefined });
    expect(site.sandbox.membersOf(bodyOf(group).id)).toEqual([accountId]);
    expect(bodyOf(await site.get(id))).toMatchObject({ id, active: true });
    expect(await site.audited(id)).toContainEqual(
      expect.objectContaining({ event: 'user.linked', object: accountId, caller: 'operator' }),
    );
  });

  it('takes the access of somebody deactivated meanwhile [US5]', async () => {
    const { site, id, accountId } = await startWithHidden();
    expectScimError(await site.state(id, false), 409);

    await link(site, ADA, accountId);

    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    expect(bodyOf(await site.get(id)).active).toBe(false);
    expect((await site.state(id, false)).status).toBe(200);
  });

  it('gives access to an entitled person whose account has none [US5]', async () => {
    const { site, id, accountId } = await startWithHidden();
    site.sandbox.removeMember(site.sandbox.groups.access.id, accountId);

    await link(site, ADA, accountId);

    expect(site.sandbox.groupsOf(accountId)).toEqual([site.sandbox.groups.access.id]);
    expect(bodyOf(await site.get(id)).active).toBe(true);
  });

  it('can be repeated when it failed half-way [US5] [SA6]', async () => {
    const { site, id, accountId } = await startWithHidden();
    expectScimError(await site.state(id, false), 409);
    site.sandbox.faults.always({ method: 'DELETE', path: /userByGroupId/, status: 503 });
    await expect(link(site, ADA, accountId)).rejects.toMatchObject({ kind: 'unavailable' });

    site.sandbox.faults.clear();
    expect(await link(site, ADA, accountId)).toBe(id);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it('opens the way for a POST that was refused because nobody can tell whose the address is [US4] [US6]', async () => {
    const site = await startUsers({ backEnd: 'invite' });
    const { accountId } = await site.known({ emailVisible: false });
    expectScimError(await site.create(), 409);

    expect(await link(site, ADA, accountId)).toBe(accountId);

    expect(await site.find(`userName eq "${ADA}"`)).toEqual([expect.objectContaining({ id: accountId, active: true })]);
    expectScimError(await site.create(), 409, 'uniqueness');
    expect(bodyOf(await site.replace(accountId, ada()))).toMatchObject({ title: 'Countess', active: true });
    expect(bodyOf(await site.state(accountId, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it('names the right one of several accounts, gives it nothing, and leaves access to the identity provider [ID4]', async () => {
    const site = await startUsers();
    site.sandbox.addPerson({ email: ADA });
    const { accountId } = site.sandbox.addPerson({ email: ADA });
    expectScimError(await site.create(), 409);

    await link(site, ADA, accountId);

    expect(site.sandbox.groupsOf(accountId)).toEqual([]);
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([
      expect.objectContaining({ id: accountId, active: false }),
    ]);
    expect(bodyOf(await site.replace(accountId, ada()))).toMatchObject({ id: accountId, active: true });
  });

  it.each<[string, (site: UserSite, accountId: string) => Promise<string>, string]>([
    ['an account nobody has', (site) => link(site, ADA, '712020:nobody'), 'notFound'],
    ['an app', (site) => link(site, ADA, site.sandbox.appAccountId), 'refused'],
    ['the credential’s own account', (site) => link(site, ADA, site.sandbox.admin.accountId), 'forbidden'],
    [
      'an account that shows another address',
      (site) => link(site, ADA, site.sandbox.addPerson({ email: 'bob@example.com' }).accountId),
      'refused',
    ],
  ])('refuses %s, and changes nothing [US5] [SA8]', async (_name, attempt, kind) => {
    const { site, id, accountId } = await startWithHidden();

    await expect(attempt(site, accountId)).rejects.toMatchObject({ kind });

    expect((await site.link(id))?.accountId).toBeUndefined();
    expect(site.received('writes')).toEqual([]);
  });

  it('refuses the own account also when its address is hidden [SA8]', async () => {
    const { site } = await startWithHidden();
    site.sandbox.updatePerson(site.sandbox.admin.accountId, { emailVisible: false });

    await expect(link(site, ADA, site.sandbox.admin.accountId)).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('done again says so and changes nothing; other accounts and addresses stay refused [US5] [ID5] [ID7]', async () => {
    const { site, id, accountId } = await startWithHidden();
    await link(site, ADA, accountId);
    const lines = await site.audited();
    expect(await link(site, ADA, accountId)).toBe(id);
    expect(await site.audited()).toEqual(lines);
    const other = site.sandbox.addPerson({ email: 'x@example.com', emailVisible: false });

    await expect(link(site, ADA, other.accountId)).rejects.toMatchObject({ kind: 'refused' });
    await expect(link(site, 'x@example.com', accountId)).rejects.toMatchObject({ kind: 'refused' });
    expect(await site.store.people.findByAccount(other.accountId)).toBeUndefined();
  });
});
