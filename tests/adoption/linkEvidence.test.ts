import { describe, expect, it } from '@jest/globals';
import { toEvidenceText, toPlanText } from '../../src/adoption/linkText.js';
import { linkAccount, type LinkOptions } from '../../src/provisioning/linking.js';
import { gatherLinkEvidence } from '../../src/provisioning/linkEvidence.js';
import { planLink } from '../../src/provisioning/linkPlan.js';
import { expectScimError } from '../support/bridge.js';
import { ADA, bodyOf, startInviting, startUsers, type UserSite } from '../provisioning/userSite.js';

const DAY = 24 * 60 * 60_000;

function link(site: UserSite, accountId: string, options: LinkOptions = {}): Promise<string> {
  return linkAccount(ADA, accountId, site.app.deps, site.call('operator'), options);
}

/** What the command shows before it asks. */
async function shown(site: UserSite, accountId: string, options: LinkOptions = {}): Promise<string> {
  const evidence = await gatherLinkEvidence(ADA, accountId, site.app.deps, site.call('operator'));
  return `${toEvidenceText(evidence)}\n${toPlanText(planLink(evidence, options, site.clock.now()), evidence)}`;
}

/** Ada is invited and has accepted, under an account that hides its address. */
async function startHidden(): Promise<{ site: UserSite; id: string; accountId: string }> {
  const site = await startInviting({ sandbox: { newAccountsShowEmail: false } });
  const { id } = await site.created();
  const { accountId } = site.sandbox.acceptInvitation(ADA);
  await site.scan();
  site.received();
  return { site, id, accountId };
}

/** Ada is recorded with an account; another account exists, too. */
async function startWithTwo(former: 'closed' | 'active'): Promise<{ site: UserSite; id: string; next: string }> {
  const site = await startUsers();
  const { id } = await site.created();
  const next = site.sandbox.addPerson({ email: ADA, displayName: 'Ada King' }).accountId;
  site.sandbox.updatePerson(
    id,
    former === 'closed' ? { accountStatus: 'closed', email: '' } : { email: 'old@example.com' },
  );
  await site.scan();
  site.received();
  return { site, id, next };
}

describe('what is shown before linking', () => {
  it('is the record, the account, who else has them, and what will happen; nothing is written [ID7]', async () => {
    const { site, id, accountId } = await startHidden();
    const group = await site.scim('post', '/Groups', { displayName: 'Design', members: [{ value: id }] });
    site.sandbox.updatePerson(accountId, { displayName: 'Ada\u001b[2J' });
    site.received();

    const page = await shown(site, accountId);

    expect(page).toContain(`record           ${ADA} (user ${id}), created by okta at `);
    expect(page).toMatch(/wanted active since .*, no account yet/);
    expect(page).toMatch(/invitation +pending since \d{4}-/);
    expect(page).toContain('type, status     atlassian, active');
    expect(page).toContain('name             Ada\\u{1b}[2J');
    expect(page).toContain('shows address    hidden; Confluence says that the address has access');
    expect(page).toMatch(/groups +"confluence-users/);
    expect(page).toMatch(/has access +yes/);
    expect(page).toMatch(/linked to +nobody/);
    expect(page).toContain(`The user ${id} gets the account.\nIt keeps its access: the user is active.`);
    expect(page).toContain(`It joins the groups that are owed: ${bodyOf(group).id}.`);
    expect(site.received('writes')).toEqual([]);
    expect((await site.link(id))?.accountId).toBeUndefined();
  });

  it('warns that a leaver loses access [ID7] [US5]', async () => {
    const { site, id, accountId } = await startHidden();
    expectScimError(await site.state(id, false), 409);

    expect(await shown(site, accountId)).toContain('Its access is TAKEN: the user is inactive since ');
  });

  it('tells of deleted users who had the account or the address [ID7] [ID5]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    expect((await site.remove(id)).status).toBe(204);

    const page = await shown(site, id);

    expect(page).toMatch(new RegExp(`deleted, account +user ${id}, account ${id}, deleted at `));
    expect(page).toMatch(new RegExp(`deleted, address +user ${id}, account ${id}, deleted at `));
    expect(page).toContain('The account becomes a user, inactive as it is found.');
  });
});

describe('linking is refused', () => {
  it.each<[string, object, RegExp]>([
    ['a closed account', { accountStatus: 'closed' }, /^This account is closed/],
    ['a customer of a portal', { accountType: 'customer' }, /^This account is a customer of a service portal/],
    [
      'a deactivated account of an active user',
      { accountStatus: 'inactive' },
      /^This account is deactivated at Atlassian/,
    ],
    [
      'an account that shows another address',
      { emailVisible: true, email: 'x@y.com' },
      /shows another address.*--address-differs/,
    ],
  ])('for %s, in words, audited [ID7]', async (_name, change, message) => {
    const { site, id, accountId } = await startHidden();
    site.sandbox.updatePerson(accountId, change);

    await expect(link(site, accountId)).rejects.toThrow(message);

    expect((await site.link(id))?.accountId).toBeUndefined();
    expect((await site.audited(id)).at(-1)).toMatchObject({ event: 'user.linked', decision: 'ID7', result: 'refused' });
  });

  it('when the address has access and the account has none, unless the operator insists [ID7]', async () => {
    const { site, id } = await startHidden();
    const { accountId } = site.sandbox.addPerson({ email: 'bob@example.com', emailVisible: false });

    await expect(link(site, accountId)).rejects.toThrow(
      /address has access, and this account has none.*--address-differs/,
    );
    expect(await link(site, accountId, { addressDiffers: true })).toBe(id);
  });

  it('when the back end names another account for the address [ID7]', async () => {
    const site = await startUsers();
    const { accountId: right } = site.sandbox.addPerson({ email: ADA, emailVisible: false });
    const { accountId } = site.sandbox.addPerson({ email: 'bob@example.com', emailVisible: false });

    await expect(link(site, accountId)).rejects.toThrow(`Atlassian names another account for this address, ${right}.`);
  });

  it('for an invitation that is older than 30 days, unless it is still meant [ID7] [US5]', async () => {
    const { site, id, accountId } = await startHidden();
    site.clock.advance(31 * DAY);

    await expect(link(site, accountId)).rejects.toThrow(/^The invitation is of .* --stale-invitation\.$/);
    expect(await link(site, accountId, { staleInvitation: true })).toBe(id);
  });

  it('when the record is not as it was agreed to [ID7]', async () => {
    const { site, id, accountId } = await startHidden();
    const evidence = await gatherLinkEvidence(ADA, accountId, site.app.deps, site.call('operator'));
    const agreed = planLink(evidence, {}, site.clock.now());
    expectScimError(await site.state(id, false), 409);

    await expect(link(site, accountId, { agreed })).rejects.toThrow(/changed meanwhile/);
    expect(site.sandbox.groupsOf(accountId)).toEqual([site.sandbox.groups.access.id]);
  });

  it('when something could not be read; that is never taken for "nothing" [ID7] [SA2]', async () => {
    const { site, id, accountId } = await startHidden();
    site.sandbox.faults.always({ path: /memberof/, status: 503 });

    await expect(link(site, accountId)).rejects.toMatchObject({ kind: 'unavailable' });
    expect((await site.link(id))?.accountId).toBeUndefined();
  });
});

describe('an account that was merged into another', () => {
  it('gives its user to the other one, same id, with what the identity provider wants [ID7] [ID1]', async () => {
    const { site, id, next } = await startWithTwo('closed');
    await expect(link(site, next)).rejects.toThrow(/add --merged.*add --recycled/);
    expect(await shown(site, next, { merged: true })).toContain(
      `The user ${id} moves from the account ${id} to ${next}.\nIt is GIVEN access`,
    );

    expect(await link(site, next, { merged: true })).toBe(id);
    expect(await link(site, next)).toBe(id);

    expect(await site.link(id)).toMatchObject({ id, accountId: next, wanted: 'active' });
    expect(site.sandbox.groupsOf(next)).toEqual([site.sandbox.groups.access.id]);
    expect(bodyOf(await site.get(id))).toMatchObject({ id, userName: ADA, active: true });
    expect(bodyOf(await site.state(id, false)).active).toBe(false);
    expect(site.sandbox.groupsOf(next)).toEqual([]);
    expect(await site.audited(id)).toContainEqual(
      expect.objectContaining({ decision: 'ID7 merged', object: next, result: 'done' }),
    );
  });

  it('and whose user had left takes the access of the other one [ID7] [US5]', async () => {
    const { site, id, next } = await startWithTwo('closed');
    await site.store.people.update(id, { wanted: 'inactive' });
    site.sandbox.addMember(site.sandbox.groups.access.id, next);

    await link(site, next, { merged: true });

    expect(site.sandbox.groupsOf(next)).toEqual([]);
    expect(bodyOf(await site.get(id)).active).toBe(false);
  });

  it('is not believed while the account is still there [ID7] [ID5]', async () => {
    const { site, id, next } = await startWithTwo('active');

    await expect(link(site, next, { merged: true })).rejects.toThrow(/is still there, so it was not merged/);
    expect(await site.link(id)).toMatchObject({ accountId: id });
  });
});

describe('an address that was passed on', () => {
  it('stays with a user who is active [ID7] [ID5]', async () => {
    const { site, id, next } = await startWithTwo('active');

    await expect(link(site, next, { recycled: true })).rejects.toThrow(
      new RegExp(`^The user ${id} has this address and is active`),
    );
  });

  it('goes to the new person, and the one who left keeps the old account and no access [ID7] [ID5]', async () => {
    const { site, id, next } = await startWithTwo('active');
    expect((await site.state(id, false)).status).toBe(200);

    expect(await link(site, next, { recycled: true })).toBe(next);

    expect(await site.link(id)).toMatchObject({
      id,
      accountId: id,
      userName: id,
      address: undefined,
      wanted: 'inactive',
    });
    expect(await site.find(`userName eq "${ADA}"`)).toEqual([expect.objectContaining({ id: next, active: false })]);
    expect(bodyOf(await site.state(next, true)).active).toBe(true);
    expect(site.sandbox.groupsOf(id)).toEqual([]);
    expect((await site.audited(id)).at(-1)).toMatchObject({ event: 'user.addressGivenUp', decision: 'ID7 recycled' });
  });
});
