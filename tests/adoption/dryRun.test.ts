import { describe, expect, it } from '@jest/globals';
import { dryRun } from '../../src/adoption/dryRun.js';
import type { AdoptionLine, GroupLine, PersonLine, SummaryLine } from '../../src/adoption/lines.js';
import { toJsonLine, toTextLine } from '../../src/adoption/text.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { ADA, createGroup, startInviting, startUsers, type UserSite } from '../provisioning/userSite.js';

const BACK_ENDS: readonly BackEnd[] = ['organization', 'jira', 'invite'];

/** Every line of a dry run, with the records of the bridge or, before its first start, none. */
async function run(site: UserSite, list?: readonly string[], hasRun = true): Promise<AdoptionLine[]> {
  const { deps, roster } = site.app;
  const store = hasRun ? site.store : await openSqliteStore({ url: ':memory:', clock: site.clock });
  const parts = {
    ...deps,
    store,
    seatLimit: site.config.seatLimit,
    access: await roster.access(site.call()),
    call: () => site.call('operator'),
  };
  const lines: AdoptionLine[] = [];
  for await (const line of dryRun(list, parts)) lines.push(line);
  if (!hasRun) await store.close();
  return lines;
}

async function people(site: UserSite, ...list: readonly string[]): Promise<PersonLine[]> {
  return (await run(site, list.length === 0 ? undefined : list)).filter((line) => line.kind === 'person');
}

async function outcomes(site: UserSite, ...list: readonly string[]): Promise<string[]> {
  return (await people(site, ...list)).map(({ outcome }) => outcome);
}

async function groups(site: UserSite): Promise<GroupLine[]> {
  return (await run(site)).filter((line) => line.kind === 'group');
}

function summary(lines: readonly AdoptionLine[]): SummaryLine | undefined {
  return lines.find((line) => line.kind === 'summary');
}

describe.each(BACK_ENDS)('the first contact with people of a list, on %s', (backEnd) => {
  it('is told as the bridge would do it, in the order of the list, and nothing is written [ID7] [US6]', async () => {
    const settings = {
      PROTECTED_USERS: 'ceo@example.com',
      ALLOWED_EMAIL_DOMAINS: 'example.com',
      TEST_ADDRESSES: 'check-*@example.com',
    };
    const site = await startUsers({ backEnd, settings });
    const { id } = await site.created();
    const known = await site.known({ email: 'known@example.com' });
    const group = await createGroup(site, 'Design', known.accountId);
    expect((await site.remove(known.accountId)).status).toBe(204);
    site.sandbox.addMember(site.sandbox.groups.access.id, known.accountId);
    site.sandbox.addMember(group, known.accountId);
    site.clock.advance(11 * 60_000);
    await site.scan();
    const before = await site.audited();
    site.received();

    const list = [
      ADA,
      'known@example.com',
      'new@example.com',
      'ceo@example.com',
      'x@other.org',
      'check-1@example.com',
      'no@address@x',
    ];
    const lines = await people(site, ...list);

    expect(lines.map(({ who, outcome }) => [who, outcome])).toEqual([
      [ADA, 'linked'],
      ['known@example.com', 'adopted'],
      ['new@example.com', backEnd === 'invite' ? 'invited' : 'created'],
      ['ceo@example.com', 'protected'],
      ['x@other.org', 'domainNotAllowed'],
      ['check-1@example.com', 'connectionTest'],
      ['no@address@x', 'notAnAddress'],
    ]);
    expect(lines[0]).toMatchObject({ user: { id, owner: 'okta', wanted: 'active' } });
    expect(lines[1]).toMatchObject({ accountId: known.accountId, hasAccess: true, groups: ['Design'] });
    expect(site.received('writes')).toEqual([]);
    expect(await site.audited()).toEqual(before);
  });

  it('is what then happens [ID7] [US4]', async () => {
    const site = await startUsers({ backEnd });
    await site.known({ email: 'known@example.com' });
    const told = await people(site, 'known@example.com', 'new@example.com');

    for (const { who, accountId } of told) {
      const reply = await site.scim('post', '/Users', { userName: who, emails: [{ value: who }] });
      expect(reply.status).toBe(201);
      if (accountId !== undefined) expect((reply.body as { id: string }).id).toBe(accountId);
    }
    expect(await outcomes(site, 'known@example.com', 'new@example.com')).toEqual(['linked', 'linked']);
  });

  it('knows ids: of users, and of people with access [ID7] [ID2]', async () => {
    const site = await startUsers({ backEnd });
    const { id } = await site.created();
    const { accountId } = await site.known({ email: 'known@example.com', emailVisible: false });
    const { accountId: stranger } = site.sandbox.addPerson({ email: 'stranger@example.com' });
    const { admin, appAccountId } = site.sandbox;

    expect(await outcomes(site, id, accountId, stranger, appAccountId, admin.accountId, '..')).toEqual([
      'linked',
      'adopted',
      'nobody',
      'nobody',
      'protected',
      'nobody',
    ]);
  });

  it('without a list is everybody who has access and is not linked, apps left out [ID7]', async () => {
    const site = await startUsers({ backEnd });
    await site.created();
    const shown = await site.known({ email: 'shown@example.com' });
    const hidden = await site.known({ email: 'hidden@example.com', emailVisible: false });

    const lines = await people(site);

    expect(lines.map(({ who, accountId, outcome }) => [who, accountId, outcome])).toEqual(
      expect.arrayContaining([
        [shown.email, shown.accountId, 'adopted'],
        [undefined, hidden.accountId, 'adopted'],
        [expect.anything(), site.sandbox.admin.accountId, 'protected'],
      ]),
    );
    expect(lines).toHaveLength(3);
  });

  it('is told before the first start, too, from what Atlassian shows [ID7]', async () => {
    const site = await startUsers({ backEnd, settings: { SEAT_LIMIT: '3' } });
    await site.known({ email: 'known@example.com' });

    const lines = await run(site, ['known@example.com', 'a@example.com', 'b@example.com'], false);

    const newcomer = backEnd === 'invite' ? 'invited' : 'created';
    expect(lines.filter((line) => line.kind === 'person').map(({ outcome }) => outcome)).toEqual([
      'adopted',
      newcomer,
      'overSeatLimit',
    ]);
    expect(summary(lines)).toMatchObject({ seats: { limit: 3, used: 2, asked: 2 } });
  });
});

describe('what is not clear, or cannot be', () => {
  it('is never guessed: several accounts of one address, and two addresses of one account [ID7] [ID4]', async () => {
    const site = await startUsers();
    site.sandbox.addPerson({ email: ADA });
    site.sandbox.addPerson({ email: ADA });

    expect(await outcomes(site, ADA)).toEqual(['severalAccounts']);
    const { accountId } = await site.known({ email: 'known@example.com' });
    expect(await outcomes(site, 'known@example.com', accountId)).toEqual(['adopted', 'sameAccount']);
  });

  it('is an address that has access and hides its account [ID7] [US4]', async () => {
    const site = await startInviting();
    await site.known({ emailVisible: false });

    expect(await outcomes(site, ADA)).toEqual(['hidden']);
  });

  it('is an account that is deactivated or suspended [ID7] [US6]', async () => {
    const site = await startUsers();
    for (const [email, change] of [
      ['inactive@example.com', { accountStatus: 'inactive' }],
      ['suspended@example.com', { suspended: true }],
    ] as const)
      site.sandbox.updatePerson(site.sandbox.addPerson({ email, access: true }).accountId, change);

    expect(await outcomes(site, 'inactive@example.com', 'suspended@example.com')).toEqual(['unusable', 'unusable']);
  });

  it('is an invited user whose account has appeared: the next scan connects them [ID7] [US5]', async () => {
    const site = await startInviting();
    await site.created();
    site.sandbox.acceptInvitation(ADA);

    expect(await people(site)).toContainEqual(expect.objectContaining({ who: ADA, outcome: 'connected' }));
  });

  it('ends the run when a read fails: nothing is told of the rest [ID7] [SA2]', async () => {
    const site = await startUsers();
    site.sandbox.faults.always({ path: /users\/search/, status: 503 });

    await expect(people(site, ADA)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('ends the run when Atlassian lists the same people again and again [ID7]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();
    site.sandbox.faults.always({
      path: /membersByGroupId/,
      status: 200,
      body: {
        results: [{ type: 'known', accountId, accountType: 'atlassian', displayName: 'Ada' }],
        _links: { next: '/rest/api/group/x/membersByGroupId?start=200&limit=200' },
      },
    });

    await expect(people(site)).rejects.toThrow(/without moving on/);
  });

  it('ends the run when Atlassian shows nobody at all [ID7] [SA2]', async () => {
    const site = await startUsers();
    site.sandbox.faults.always({
      path: /membersByGroupId/,
      status: 200,
      body: { results: [], start: 0, limit: 200, size: 0, _links: {} },
    });

    await expect(people(site)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('seats of a list', () => {
  it('are counted from those that are taken, for those who need one [ID7] [US14]', async () => {
    const site = await startUsers({ settings: { SEAT_LIMIT: '4' } });
    await site.known({ email: 'known@example.com' });
    site.sandbox.addPerson({ email: 'noAccess@example.com' });

    const lines = await run(site, ['known@example.com', 'noaccess@example.com', 'a@example.com', 'b@example.com']);

    expect(lines.filter((line) => line.kind === 'person').map(({ outcome }) => outcome)).toEqual([
      'adopted',
      'givenAccess',
      'created',
      'overSeatLimit',
    ]);
    expect(summary(lines)).toMatchObject({ seats: { limit: 4, used: 2, asked: 3 } });
  });
});

describe('the groups that were there before', () => {
  it('are told with what the first change does, by id, then by name [ID7] [GR1]', async () => {
    const settings = { ADOPT_GROUPS: 'team-*,jira-*,Missing,site-admins,synced-from-hr', PRIVILEGED_GROUPS: 'jira-*' };
    const site = await startUsers({ settings });
    const { sandbox } = site;
    for (const name of ['team-a', 'jira-users', 'other', 'Team-B', 'team-b']) sandbox.addGroup({ name });
    const { id: mine } = sandbox.addGroup({ name: 'team-c' });
    await site.scan();
    const patch = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'externalId', value: 'x' }],
    };
    expect((await site.scim('patch', `/Groups/${mine}`, patch)).status).toBeLessThan(300);
    site.received();

    const lines = new Map((await groups(site)).map((line) => [line.name, line]));

    expect(lines.get('team-a')).toMatchObject({ outcome: 'adoptable', grantsAccess: false });
    expect(lines.get('team-c')).toMatchObject({ outcome: 'linked', id: mine, owner: 'okta' });
    expect(lines.get('jira-users')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('PRIVILEGED_GROUPS'),
    });
    expect(lines.get('Team-B')).toMatchObject({ outcome: 'duplicate' });
    expect(lines.get('team-b')).toMatchObject({ outcome: 'duplicate' });
    expect(lines.get('Missing')).toMatchObject({ outcome: 'missing', id: undefined });
    expect(lines.get('synced-from-hr')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('EXTERNAL'),
    });
    expect(lines.get('site-admins')).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('administration'),
    });
    expect(lines.get(sandbox.groups.access.name)).toMatchObject({
      outcome: 'refused',
      grantsAccess: true,
      reason: expect.stringContaining('Assign people to the application instead'),
    });
    expect(lines.has('other')).toBe(false);
    expect(site.received('writes')).toEqual([]);
  });
});

describe('the lines', () => {
  it('can be shown on a terminal, whatever a name holds, and mean the same as JSON [ID7]', async () => {
    const site = await startUsers({ settings: { ADOPT_GROUPS: 'team*' } });
    site.sandbox.addGroup({ name: 'team\u001b[31m' });
    const lines = await run(site, [ADA]);

    const text = lines.map((line) => toTextLine(line, 'organization')).join('');
    expect(text).toContain(`created           ${ADA}`);
    expect(text).toMatch(/invites it, without a mail\n\nPeople: 1 created\.\nGroups: .*\.\nNothing was changed\.\n$/);
    expect(text).not.toContain('\u001b');
    expect(text).toContain('team\\u{1b}[31m');
    const json = lines.map(toJsonLine);
    expect(json.join('')).not.toContain('\u001b');
    expect(json.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(lines)));
  });
});
