import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { ENTRA_TOKEN, expectScimError } from '../support/bridge.js';
import { ADA, ada, bodyOf, startUsers, detailOf } from './userSite.js';

const BY_NAME = `userName eq "${ADA}"`;
const BY_ADDRESS = `emails.value eq "${ADA}"`;

describe('finding a person', () => {
  it('takes a linked one from the records by userName, e-mail and externalId, in any letter case, with one call [ID4]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'Ada.L', externalId: 'E-1' });

    for (const filter of ['userName eq "ada.l"', 'userName eq "ADA.L"', 'emails.value eq "ADA@example.COM"']) {
      expect((await site.find(filter)).map((user) => user.id)).toEqual([id]);
      expect(site.received()).toEqual(['confluence.listMemberships']);
    }
    expect(await site.find('externalId eq "E-1"')).toEqual([expect.objectContaining({ id, active: true })]);
    expect(site.received()).toEqual(['confluence.listMemberships']);
    expect(await site.find('externalId eq "e-1"')).toEqual([]);
  });

  it('takes one whose address Atlassian shows from the index, in any letter case [ID4]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known();

    expect((await site.find(`userName eq "ADA@Example.com"`)).map(({ id }) => id)).toEqual([accountId]);
    expect((await site.find(BY_ADDRESS)).map(({ id }) => id)).toEqual([accountId]);
    expect(site.received()).not.toContain('organization.searchUsers');
  });

  it('finds one whose address Confluence hides by the exact search of the organization [ID4]', async () => {
    const site = await startUsers();
    const { accountId } = await site.known({ emailVisible: false });

    for (const filter of [BY_NAME, BY_ADDRESS]) {
      expect(await site.find(filter)).toEqual([expect.objectContaining({ id: accountId, userName: ADA })]);
      expect(site.received()[0]).toBe('organization.searchUsers');
    }
    expect((await site.find(`userName eq "${accountId}"`)).map(({ id }) => id)).toEqual([accountId]);
  });

  it.each([
    ['organization', ['organization.searchUsers']],
    ['jira', ['jira.searchUsers']],
    ['invite', []],
  ] as [BackEnd, string[]][])(
    'asks the back end %s at most once for somebody unknown, and finds nobody [ID4]',
    async (backEnd, calls) => {
      const site = await startUsers({ backEnd });

      expect(await site.find('userName eq "nobody@example.com"')).toEqual([]);
      expect(site.received()).toEqual(calls);
    },
  );

  it('accepts a hit of Jira only with the exact address, never by name or by the beginning of one [ID4]', async () => {
    const site = await startUsers({ backEnd: 'jira' });
    site.sandbox.addPerson({ email: 'ada@example.com.au', displayName: ADA, access: true });
    site.sandbox.addPerson({ email: 'other@example.com', displayName: ADA, access: true });

    expect(await site.find(BY_NAME)).toEqual([]);
    expect(site.received()).toEqual(['jira.searchUsers']);
  });

  it('finds nobody by an address that several accounts share, until one of them is linked [ID4]', async () => {
    const site = await startUsers();
    const first = await site.known();
    const second = await site.known();
    expect(first.accountId).not.toBe(second.accountId);

    expect(await site.find(BY_NAME)).toEqual([]);
    expect(await site.find(BY_ADDRESS)).toEqual([]);
    const refused = await site.create();
    expectScimError(refused, 409);
    expect(detailOf(refused)).toContain('confluence-scim-bridge link EMAIL ACCOUNT');
    expect(site.received('writes')).toEqual([]);

    expect((await site.replace(second.accountId, ada())).status).toBe(200);
    expect((await site.find(BY_NAME)).map(({ id }) => id)).toEqual([second.accountId]);
    expect((await site.find(BY_ADDRESS)).map(({ id }) => id)).toEqual([second.accountId]);
  });

  it('takes the linked one of several accounts for a POST of another userName [ID4] [US6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'ada' });
    site.sandbox.addPerson({ email: ADA });

    const reply = await site.create({ userName: 'ada.lovelace' });

    expect(reply.status).toBe(201);
    expect(bodyOf(reply)).toMatchObject({ id, userName: 'ada.lovelace' });
  });

  it('does not find a linked person by an address that only Atlassian shows [ID5]', async () => {
    const site = await startUsers();
    const { id } = await site.created();
    site.sandbox.updatePerson(id, { email: 'new@example.com' });
    await site.scan();

    expect(await site.find('userName eq "new@example.com"')).toEqual([]);
    expect((await site.find(BY_NAME)).map((user) => user.id)).toEqual([id]);
  });

  it('says that Atlassian does not answer, instead of "nobody" [SA2]', async () => {
    const site = await startUsers();
    site.sandbox.faults.always({ path: /users\/search/, status: 503 });

    const reply = await site.scim('get', `/Users?filter=${encodeURIComponent(BY_NAME)}`);

    expectScimError(reply, 503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
  });
});

describe('externalId', () => {
  it('belongs to its caller: others neither see nor find it, and may have the same [ID6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ externalId: '1' });
    const { id: bobId } = bodyOf(
      await site.create(
        { userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }], externalId: '1' },
        ENTRA_TOKEN,
      ),
    );

    expect(bodyOf(await site.get(id))).toMatchObject({ externalId: '1' });
    expect(bodyOf(await site.get(id, ENTRA_TOKEN))).not.toHaveProperty('externalId');
    expect((await site.find('externalId eq "1"')).map((user) => user.id)).toEqual([id]);
    expect((await site.find('externalId eq "1"', ENTRA_TOKEN)).map((user) => user.id)).toEqual([bobId]);

    await site.patch(id, [{ op: 'replace', path: 'externalId', value: 'entra-1' }], ENTRA_TOKEN);
    expect(bodyOf(await site.get(id))).toMatchObject({ externalId: '1' });
    expect(bodyOf(await site.get(id, ENTRA_TOKEN))).toMatchObject({ externalId: 'entra-1' });
  });

  it('is none when empty, in POST, PUT and PATCH [ID6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ externalId: '' });
    expect(bodyOf(await site.get(id))).not.toHaveProperty('externalId');
    expect(await site.find('externalId eq ""')).toEqual([]);

    await site.patch(id, [{ op: 'add', path: 'externalId', value: 'x' }]);
    expect(bodyOf(await site.get(id))).toMatchObject({ externalId: 'x' });
    await site.replace(id, ada({ externalId: '' }));
    expect(bodyOf(await site.get(id))).not.toHaveProperty('externalId');
    await site.patch(id, [{ op: 'add', path: 'externalId', value: 'x' }]);
    await site.patch(id, [{ op: 'remove', path: 'externalId' }]);
    expect(bodyOf(await site.get(id))).not.toHaveProperty('externalId');
  });

  it.each([
    ['a new record', 'bob@example.com'],
    ['a record that is taken up', 'grace@example.com'],
  ])(
    'moves to %s that a POST makes of it; the older one, still active, is reported as superseded [ID6]',
    async (_, name) => {
      const site = await startUsers();
      const grace = await site.created({
        userName: 'grace',
        emails: [{ value: 'grace@example.com' }],
        externalId: 'g',
      });
      await site.state(grace.id, false);
      const { id } = await site.created({ externalId: '7' });

      const later = bodyOf(await site.create({ userName: name, emails: [{ value: name }], externalId: '7' }));

      expect(later.externalId).toBe('7');
      expect(bodyOf(await site.get(id))).not.toHaveProperty('externalId');
      expect((await site.find('externalId eq "7"')).map((user) => user.id)).toEqual([later.id]);
      expect(await site.audited(id)).toContainEqual(
        expect.objectContaining({ event: 'user.superseded', subject: id, object: later.id }),
      );
    },
  );

  it('is not reported when the older record is inactive [ID6]', async () => {
    const site = await startUsers();
    const { id } = await site.created({ externalId: '7' });
    await site.state(id, false);

    await site.created({ userName: 'bob@example.com', emails: [{ value: 'bob@example.com' }], externalId: '7' });

    expect((await site.audited(id)).map(({ event }) => event)).not.toContain('user.superseded');
  });
});
