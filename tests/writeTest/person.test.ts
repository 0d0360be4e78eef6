import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { isClean } from '../../src/writeTest/evidence.js';
import { toText } from '../../src/writeTest/plan.js';
import { startTestBridge } from '../support/bridge.js';
import { startTrialSite, stepOf, testGroups, type TrialSite } from './trial.js';

const EMAIL = 'test@example.com';
const BACK_ENDS: readonly BackEnd[] = ['organization', 'jira', 'invite'];

const hasAccess = ({ sandbox }: TrialSite): boolean => {
  const person = sandbox.findPersonByEmail(EMAIL);
  return person !== undefined && sandbox.groupsOf(person.accountId).length > 0;
};

const writesAfterGroup = ({ sandbox }: TrialSite): readonly (string | undefined)[] => {
  const writes = sandbox.calls.filter(({ isWrite }) => isWrite).map(({ operation }) => operation);
  return writes.slice(writes.indexOf('confluence.deleteGroup') + 1);
};

/** Makes every further call of a kind fail as an outage does. */
const breakRemovals = ({ sandbox }: TrialSite): (() => void) => {
  let heal = (): void => undefined;
  sandbox.faults.when({ method: 'DELETE', path: /group\/by-id/ }, () => {
    heal = sandbox.faults.always({ method: 'DELETE', path: /userByGroupId/, status: 503 });
  });
  return () => heal();
};

afterEach(() => void jest.restoreAllMocks());

describe('--person', () => {
  it.each([
    ['organization', ['organization.inviteUsers']],
    ['jira', ['jira.createUser', 'confluence.addMember']],
    ['invite', ['confluence.inviteByEmail']],
  ] as const)('gives access by the back end %s, sees it, takes it and sees that', async (backEnd, creation) => {
    const site = await startTrialSite({ backEnd });

    const { plan, evidence } = await site.run({ email: EMAIL });

    expect(plan.person).toEqual({ email: EMAIL, accessGroup: 'confluence-users-sandbox' });
    expect(writesAfterGroup(site)).toEqual([...creation, 'confluence.removeMember']);
    expect(evidence.stopped).toBeUndefined();
    expect(evidence.left).toEqual([]);
    expect(stepOf(evidence, 'Confluence says that the person has access').lagMs).toBeDefined();
    expect(stepOf(evidence, 'Confluence says that the person has none').lagMs).toBeDefined();
    expect(isClean(evidence)).toBe(true);
    expect(site.sandbox.findPersonByEmail(EMAIL)).toBeDefined();
    expect(hasAccess(site)).toBe(false);
    expect(await site.entries()).toEqual([]);
  });

  it.each(BACK_ENDS)('sends on %s no call that was not announced', async (backEnd) => {
    const site = await startTrialSite({ backEnd });

    const { plan } = await site.run({ email: EMAIL });

    const announced = [...toText(plan).matchAll(/^ {2}(GET|POST|DELETE) +(\S+)/gm)].map(
      ([, method, path = '']) => `${String(method)} ${path.replace(/\?.*/, '')}`,
    );
    const sent = site.sandbox.calls
      .slice(site.sandbox.calls.findIndex(({ operation }) => operation === 'confluence.createGroup'))
      .map(({ method, path }) => `${method} ${path.replace(/\?.*/, '').replace(/(orgs|group)\/[^/]+\//, '$1/{id}/')}`);
    expect([...new Set(sent)].filter((call) => !announced.includes(call))).toEqual([]);
    expect(new Set(sent).size).toBeGreaterThan(10);
  });

  it.each(BACK_ENDS)('measures the lag of access on %s', async (backEnd) => {
    const site = await startTrialSite({ backEnd, lag: { ms: 3_000, reads: 0 } });

    const { evidence } = await site.run({ email: EMAIL });

    expect(stepOf(evidence, 'the groups of the account show the access group').lagMs).toBeGreaterThanOrEqual(2_500);
    expect(hasAccess(site)).toBe(false);
    expect(isClean(evidence)).toBe(true);
  });

  it('gives access to an account that is there without', async () => {
    const site = await startTrialSite();
    site.sandbox.addPerson({ email: EMAIL });

    const { evidence } = await site.run({ email: EMAIL });

    expect(writesAfterGroup(site)).toEqual(['confluence.addMember', 'confluence.removeMember']);
    expect(isClean(evidence)).toBe(true);
  });

  it.each(BACK_ENDS)('refuses on %s somebody who has access, and writes nothing', async (backEnd) => {
    const site = await startTrialSite({ backEnd });
    site.sandbox.addPerson({ email: EMAIL, access: true });

    await expect(site.run({ email: EMAIL })).rejects.toThrow('has access to Confluence already');

    expect(site.sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
    expect(hasAccess(site)).toBe(true);
  });

  it('refuses somebody who was given access while the operator was asked', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.when({ method: 'DELETE', path: /group\/by-id/ }, () => {
      site.sandbox.addPerson({ email: EMAIL, access: true });
    });

    const { evidence } = await site.run({ email: EMAIL });

    expect(evidence.stopped).toContain('has access to Confluence already');
    expect(writesAfterGroup(site)).toEqual([]);
    expect(hasAccess(site)).toBe(true);
  });

  it.each([
    ['protected by address', EMAIL, { PROTECTED_USERS: EMAIL }, 'is protected'],
    ['the credential itself', undefined, {}, 'is protected'],
    ['of another domain', EMAIL, { ALLOWED_EMAIL_DOMAINS: 'acme.com' }, 'domain'],
  ])('refuses somebody who is %s [SA8]', async (_name, email, settings, words) => {
    const site = await startTrialSite();

    await expect(
      site.run({ email: email ?? site.sandbox.credentials.adminEmail.toUpperCase(), settings }),
    ).rejects.toThrow(words);

    expect(site.sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
  });

  it('refuses somebody of whom the bridge has a record', async () => {
    const site = await startTrialSite();
    await site.store.people.insert({
      id: 'inv-1',
      accountId: undefined,
      userName: EMAIL,
      profile: {},
      wanted: 'inactive',
      wantedAt: '2026-01-15T09:00:00.000Z',
      suspended: false,
      address: EMAIL,
      invitedAt: undefined,
      origin: 'created',
      caller: 'okta',
      owner: 'okta',
      createdAt: '2026-01-15T09:00:00.000Z',
    });

    await expect(site.run({ email: EMAIL })).rejects.toThrow('has a record of this person');
  });

  it('refuses a suspended account', async () => {
    const site = await startTrialSite();
    const { accountId } = site.sandbox.addPerson({ email: EMAIL });
    site.sandbox.suspend(accountId);

    await expect(site.run({ email: EMAIL })).rejects.toThrow('suspended');
  });

  it('takes access away also when it is interrupted after giving it', async () => {
    const site = await startTrialSite({ lag: { ms: 5_000, reads: 0 } });
    const operator = new AbortController();
    site.sandbox.faults.when({ path: /check-access-by-email/, times: 99 }, () => {
      if (hasAccess(site)) operator.abort();
    });

    const { evidence } = await site.run({ email: EMAIL, signal: operator.signal });

    expect(evidence.stopped).toBe('It was interrupted.');
    expect(hasAccess(site)).toBe(false);
    expect(evidence.left).toEqual([]);
  });

  it('takes access away also when it stood still after giving it, for so long that its lock may be another process’s', async () => {
    const site = await startTrialSite({ lag: { ms: 5_000, reads: 0 } });
    const now = Date.now.bind(Date);
    site.sandbox.faults.when({ path: /check-access-by-email/, times: 99 }, () => {
      if (hasAccess(site)) jest.spyOn(Date, 'now').mockImplementation(() => now() + 31_000);
    });

    const { evidence } = await site.run({ email: EMAIL });

    expect(evidence.stopped).toContain('lost its lock');
    expect(hasAccess(site)).toBe(false);
    expect(evidence.left).toEqual([]);
  });

  it.each(BACK_ENDS)('says on %s that access could not be taken, and the next start takes it', async (backEnd) => {
    const site = await startTrialSite({ backEnd });
    const heal = breakRemovals(site);

    const { evidence } = await site.run({ email: EMAIL });

    expect(evidence.stopped).toContain('Access could not be taken');
    expect(evidence.left).toEqual([expect.stringContaining('test person could not be taken')]);
    expect(hasAccess(site)).toBe(true);
    heal();
    expect(await site.clear()).toMatchObject([{ isGone: true }]);
    expect(hasAccess(site)).toBe(false);
    expect(testGroups(site.sandbox)).toEqual([]);
  });

  it('does not take at the next start what an identity provider gave since', async () => {
    const site = await startTrialSite();
    const heal = breakRemovals(site);
    await site.run({ email: EMAIL });
    heal();
    const { accountId = '' } = site.sandbox.findPersonByEmail(EMAIL) ?? {};
    await site.store.people.insert({
      id: accountId,
      accountId,
      userName: EMAIL,
      profile: {},
      wanted: 'active',
      wantedAt: '2026-01-15T09:00:00.000Z',
      suspended: false,
      address: EMAIL,
      invitedAt: undefined,
      origin: 'created',
      caller: 'okta',
      owner: 'okta',
      createdAt: '2026-01-15T09:00:00.000Z',
    });

    expect(await site.clear()).toEqual([]);

    expect(hasAccess(site)).toBe(true);
    expect(await site.entries()).toEqual([]);
  });

  it('takes nothing at the next start from somebody whom an identity provider creates meanwhile', async () => {
    const site = await startTrialSite();
    const heal = breakRemovals(site);
    await site.run({ email: EMAIL });
    heal();
    const bridge = await startTestBridge({ site: site.sandbox, store: site.store });
    const create = async (): Promise<number> => (await bridge.scim('post', '/Users', { userName: EMAIL })).status;
    let meanwhile: number | undefined;
    site.sandbox.faults.when({ method: 'DELETE', path: /userByGroupId/ }, async () => {
      meanwhile = await create();
    });

    await site.clear();

    // Of this clock no wait takes time: who would wait for the lock is told to send it again.
    expect(meanwhile).toBe(503);
    expect(await create()).toBe(201);
    expect(hasAccess(site)).toBe(true);
  });

  it('keeps looking for an invited person who did not appear', async () => {
    const site = await startTrialSite({ backEnd: 'invite', inviteAppears: { afterMs: 10 * 60_000 } });

    const { evidence } = await site.run({ email: EMAIL });

    expect(stepOf(evidence, 'the account appears, with its address')).toMatchObject({
      verdict: 'otherwise',
      belief: 'confluence.inviteByEmail/approval-required',
    });
    expect(evidence.left).toEqual([expect.stringContaining('invitation that is still open')]);
    site.clock.advance(10 * 60_000);
    expect(await site.clear()).toMatchObject([{ isGone: true }]);
    expect(hasAccess(site)).toBe(false);
  });
});
