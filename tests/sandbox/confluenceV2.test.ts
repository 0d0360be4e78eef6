import { describe, expect, it } from '@jest/globals';

import { at, each, startCallers } from './callers.js';

const bulk = '/wiki/api/v2/users-bulk';
const check = '/wiki/api/v2/user/access/check-access-by-email';
const inviteByEmail = '/wiki/api/v2/user/access/invite-by-email';
const emails = ['new@example.com'];

describe('POST /wiki/api/v2/users-bulk', () => {
  it('returns every known account once, leaves unknown ids out and hides addresses', async () => {
    const { site, sandbox } = await startCallers();
    const ada = sandbox.addPerson({ email: 'ada@example.com', accountStatus: 'inactive' });
    const alan = sandbox.addPerson({ email: 'alan@example.com', emailVisible: false });
    const customer = sandbox.addPerson({ email: 'c@example.com', accountType: 'customer' });
    const accountIds = [ada, alan, customer, ada].map(({ accountId }) => accountId).concat('unknown');

    const { status, body } = await site('POST', bulk, { accountIds });

    expect(status).toBe(200);
    const results = at(body, 'results') as { accountId: string }[];
    expect(results).toHaveLength(3);
    expect(results.find(({ accountId }) => accountId === ada.accountId)).toMatchObject({
      accountStatus: 'inactive',
      accountType: 'atlassian',
      email: 'ada@example.com',
    });
    expect(results.find(({ accountId }) => accountId === alan.accountId)).toMatchObject({ email: '' });
    expect(each(results, 'accountType')).toContain('customer');
  });

  it('takes 250 ids, and answers 400 to none, more, or something else', async () => {
    const { site } = await startCallers();
    const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `id-${index}`);
    expect((await site('POST', bulk, { accountIds: ids(250) })).status).toBe(200);
    for (const body of [
      { accountIds: ids(251) },
      { accountIds: [] },
      { accountIds: 'x' },
      {},
      { accountIds: ids(1), more: 1 },
    ]) {
      expect(await site('POST', bulk, body)).toMatchObject({ status: 400, body: { errors: [{ status: 400 }] } });
    }
  });
});

describe('POST …/check-access-by-email', () => {
  it('names addresses without access and invalid ones', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.addPerson({ email: 'ada@example.com', access: true });
    sandbox.addPerson({ email: 'grace@example.com' });
    const body = { emails: ['ADA@example.com', 'grace@example.com', 'nobody@example.com', 'nonsense'] };
    expect((await site('POST', check, body)).body).toMatchObject({
      emailsWithoutAccess: ['grace@example.com', 'nobody@example.com'],
      invalidEmails: ['nonsense'],
    });
  });

  it('says no of suspended people', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.suspend(sandbox.addPerson({ email: 'ada@example.com', access: true }).accountId);
    expect((await site('POST', check, { emails: ['ada@example.com'] })).body).toMatchObject({
      emailsWithoutAccess: ['ada@example.com'],
    });
  });

  it.each([[{ emails: [] }], [{ emails: Array<string>(101).fill('a@example.com') }], [{ emails: [1] }], [{}]])(
    'answers 400 to %j',
    async (body) => {
      const { site } = await startCallers();
      expect((await site('POST', check, body)).status).toBe(400);
      expect((await site('POST', inviteByEmail, body)).status).toBe(400);
    },
  );
});

describe('POST …/invite-by-email', () => {
  it('answers 200 without a body; the account is in the access group at once', async () => {
    const { site, sandbox } = await startCallers();

    const reply = await site('POST', inviteByEmail, { emails });

    expect(reply).toMatchObject({ status: 200, text: '' });
    const person = sandbox.findPersonByEmail('new@example.com');
    expect(person).toMatchObject({ accountType: 'atlassian', displayName: 'new@example.com', emailVisible: true });
    expect(sandbox.membersOf(sandbox.groups.access.id)).toContain(person?.accountId);
  });

  it('lets the account appear when its time has come', async () => {
    let nowMs = 0;
    const { site, sandbox } = await startCallers({ now: () => nowMs, inviteAppears: { afterMs: 60_000 } });
    await site('POST', inviteByEmail, { emails });

    nowMs = 59_999;
    expect((await site('POST', check, { emails })).body).toMatchObject({ emailsWithoutAccess: emails });
    nowMs = 60_000;
    expect((await site('POST', check, { emails })).body).toMatchObject({ emailsWithoutAccess: [] });
    expect(sandbox.findPersonByEmail('new@example.com')).toBeDefined();
  });

  it('may never make an account, until the invitation is accepted by hand', async () => {
    const { site, sandbox } = await startCallers({ inviteAppears: 'never' });
    await site('POST', inviteByEmail, { emails });
    await site('POST', check, { emails });
    expect(sandbox.findPersonByEmail('new@example.com')).toBeUndefined();

    const { accountId } = sandbox.acceptInvitation('new@example.com');
    expect(sandbox.membersOf(sandbox.groups.access.id)).toContain(accountId);
  });

  it('can promise access before there is an account', async () => {
    const { site, sandbox } = await startCallers({ inviteAppears: 'never', inviteGrantsAccessFirst: true });
    await site('POST', inviteByEmail, { emails });
    expect((await site('POST', check, { emails })).body).toMatchObject({ emailsWithoutAccess: [] });
    expect(sandbox.findPersonByEmail('new@example.com')).toBeUndefined();
  });

  it('can hide the address of the new account', async () => {
    const { site, sandbox } = await startCallers({ newAccountsShowEmail: false });
    await site('POST', inviteByEmail, { emails });
    expect(sandbox.findPersonByEmail('new@example.com')).toMatchObject({ emailVisible: false });
  });

  it('gives access to an account that has none, skips those with access and ignores invalid addresses', async () => {
    const { site, sandbox } = await startCallers();
    const grace = sandbox.addPerson({ email: 'grace@example.com', inDirectory: false });
    const ada = sandbox.addPerson({ email: 'ada@example.com', access: true });
    const before = sandbox.membersOf(sandbox.groups.access.id);

    await site('POST', inviteByEmail, { emails: ['grace@example.com', 'ada@example.com', 'nonsense'] });

    expect(sandbox.membersOf(sandbox.groups.access.id)).toEqual([...before, grace.accountId]);
    expect(sandbox.person(grace.accountId).inDirectory).toBe(true);
    expect(sandbox.findPersonByEmail('ada@example.com')).toEqual(ada);
  });

  it('gives no access where no seat is left', async () => {
    const { site, sandbox } = await startCallers({ seats: 1 });
    await site('POST', inviteByEmail, { emails });
    const person = sandbox.findPersonByEmail('new@example.com');
    expect(person).toBeDefined();
    expect(sandbox.groupsOf(person?.accountId ?? '')).toEqual([]);
  });
});
