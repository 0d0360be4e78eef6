import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { aPerson, at, type OpenStore } from './samples.js';

export function describePeople(open: OpenStore): void {
  describe('people', () => {
    it('gives back a link as it was put in, modified when it was created', async () => {
      const { people } = await open();
      const link = aPerson('ada', {
        userName: 'Ada.Lovelace',
        profile: { name: { givenName: 'Ada' }, emails: [{ value: 'Ada@Example.com', primary: true }], nickName: null },
        invitedAt: at(5),
        suspended: true,
        origin: 'adopted',
      });
      await people.insert(link);

      expect(await people.find('ada')).toEqual({ ...link, modifiedAt: link.createdAt });
    });

    it('keeps SCIM id and account id apart, the account arriving later [ID1]', async () => {
      const { people } = await open();
      await people.insert(aPerson('inv-1', { accountId: undefined }));
      expect((await people.listInvited()).map(({ id }) => id)).toEqual(['inv-1']);

      await people.update('inv-1', { accountId: 'acc-1', invitedAt: undefined });

      expect(await people.listInvited()).toEqual([]);
      expect(await people.findByAccount('acc-1')).toMatchObject({ id: 'inv-1', accountId: 'acc-1' });
      expect(await people.find('acc-1')).toBeUndefined();
    });

    it.each([
      ['ada@example.com', 'ADA@Example.COM'],
      ['Stra\u00dfe', 'stra\u00dfe'],
      ['A\u030Angstro\u0308m', '\u00c5ngstr\u00f6m'],
    ])('finds userName %j as %j', async (stored, asked) => {
      const { people } = await open();
      await people.insert(aPerson('ada', { userName: stored }));

      expect(await people.findByUserName(asked)).toMatchObject({ id: 'ada', userName: stored });
    });

    it('refuses a userName that differs from a recorded one in case only [US6]', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada', { userName: 'ada' }));
      await people.insert(aPerson('bob', { userName: 'bob' }));

      await expect(people.insert(aPerson('eve', { userName: 'ADA' }))).rejects.toMatchObject({ kind: 'conflict' });
      await expect(people.update('bob', { userName: 'Ada' })).rejects.toMatchObject({ kind: 'conflict' });
      expect(await people.find('eve')).toBeUndefined();
      expect(await people.find('bob')).toMatchObject({ userName: 'bob' });
    });

    it('lets a userName change its letters', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada', { userName: 'ada' }));
      await people.update('ada', { userName: 'Ada' });

      expect(await people.findByUserName('ada')).toMatchObject({ userName: 'Ada' });
    });

    it('refuses an id or an account that is taken, saying which without naming the value [ID5]', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada'));

      const sameId = people.insert(aPerson('ada', { accountId: 'other', userName: 'other' }));
      await expect(sameId).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(/id/) });
      const sameAccount = people.insert(aPerson('eve', { accountId: 'ada' }));
      await expect(sameAccount).rejects.toMatchObject({ kind: 'conflict', message: expect.stringMatching(/account/) });
      await expect(sameAccount).rejects.not.toMatchObject({ message: expect.stringMatching(/ada/) });
    });

    it('sets what is given and leaves the rest', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada', { invitedAt: at(1) }));
      await people.update('ada', { wanted: 'inactive', wantedAt: at(7), invitedAt: undefined, modifiedAt: at(7) });

      expect(await people.find('ada')).toEqual({
        ...aPerson('ada'),
        wanted: 'inactive',
        wantedAt: at(7),
        modifiedAt: at(7),
      });
    });

    it('answers a change of somebody who is not there with notFound', async () => {
      const { people } = await open();

      await expect(people.update('nobody', { wanted: 'inactive' })).rejects.toMatchObject({ kind: 'notFound' });
      await expect(people.setExternalId('nobody', 'okta', 'e')).rejects.toMatchObject({ kind: 'notFound' });
    });

    it('finds people by every address of theirs, whatever its case [ID4]', async () => {
      const { people } = await open();
      await people.insert(
        aPerson('ada', {
          userName: 'Ada@Login.example',
          address: 'ada@invited.example',
          profile: { emails: [{ value: 'ADA@work.example' }, { value: 'ada@home.example', type: 'home' }, {}, 'x'] },
        }),
      );
      const found = async (address: string) => (await people.findByAddress(address)).map(({ id }) => id);

      expect(await found('ada@LOGIN.example')).toEqual(['ada']);
      expect(await found('Ada@invited.example')).toEqual(['ada']);
      expect(await found('ada@work.example')).toEqual(['ada']);
      expect(await found('ada@home.example')).toEqual(['ada']);
      expect(await found('ada@elsewhere.example')).toEqual([]);
    });

    it('finds everybody who shares an address, and nobody by one that was given up', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada', { userName: 'ada', address: 'team@example.com' }));
      await people.insert(aPerson('bob', { userName: 'bob', address: 'TEAM@example.com' }));
      expect(await people.findByAddress('team@example.com')).toHaveLength(2);

      await people.update('bob', { address: 'bob@example.com' });

      expect((await people.findByAddress('team@example.com')).map(({ id }) => id)).toEqual(['ada']);
    });

    it('keeps an e-mail however long, and finds it [SA18]', async () => {
      const { people } = await open();
      // Of characters that nothing makes shorter.
      const long = randomBytes(20_000).toString('base64');
      await people.insert(aPerson('ada', { profile: { emails: [{ value: long }, { value: `${long}x` }] } }));

      expect((await people.findByAddress(long)).map(({ id }) => id)).toEqual(['ada']);
      expect(await people.findByAddress(long.slice(1))).toEqual([]);
      await people.bury('ada', at(9));
      expect(await people.findByAddress(long)).toEqual([]);
    });

    it('does not take a userName without @ for an address', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada', { userName: 'ada', address: undefined }));

      expect(await people.findByAddress('ada')).toEqual([]);
    });
  });

  describe('externalIds of people', () => {
    it('are kept up to the length that messages may have [SA18]', async () => {
      const { people } = await open();
      const longest = randomBytes(1024).toString('hex');
      await people.insert(aPerson('ada'));
      await people.setExternalId('ada', 'okta', longest);

      expect((await people.findByExternalId('okta', longest)).map(({ id }) => id)).toEqual(['ada']);
    });

    it('belong to their caller [ID6]', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada'));
      await people.setExternalId('ada', 'okta', '00u1');
      await people.setExternalId('ada', 'entra', 'guid');

      expect(await people.externalId('ada', 'okta')).toBe('00u1');
      expect(await people.externalId('ada', 'entra')).toBe('guid');
      expect(await people.externalId('ada', 'ping')).toBeUndefined();
      expect((await people.findByExternalId('okta', '00u1')).map(({ id }) => id)).toEqual(['ada']);
      expect(await people.findByExternalId('entra', '00u1')).toEqual([]);
    });

    it('move to the record that states them last [ID6]', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada'));
      await people.insert(aPerson('bob'));
      await people.setExternalId('ada', 'okta', 'same');
      await people.setExternalId('ada', 'entra', 'same');

      await people.setExternalId('bob', 'okta', 'same');

      expect((await people.findByExternalId('okta', 'same')).map(({ id }) => id)).toEqual(['bob']);
      expect(await people.externalId('ada', 'okta')).toBeUndefined();
      expect(await people.externalId('ada', 'entra')).toBe('same');
    });

    it.each([undefined, ''])('are removed by %j [ID6]', async (none) => {
      const { people } = await open();
      await people.insert(aPerson('ada'));
      await people.setExternalId('ada', 'okta', 'first');
      await people.setExternalId('ada', 'okta', 'second');
      expect(await people.findByExternalId('okta', 'first')).toEqual([]);

      await people.setExternalId('ada', 'okta', none);

      expect(await people.externalId('ada', 'okta')).toBeUndefined();
    });
  });

  describe('burying a person', () => {
    it('leaves a tombstone that knows account, addresses and externalIds [ID5]', async () => {
      const { people, tombstones } = await open();
      await people.insert(aPerson('ada', { userName: 'ada@login.example', address: 'ada@example.com' }));
      await people.setExternalId('ada', 'okta', '00u1');
      await people.setExternalId('ada', 'entra', 'guid');

      await people.bury('ada', at(9));

      const expected = {
        id: 'ada',
        accountId: 'ada',
        externalIds: new Map([
          ['okta', '00u1'],
          ['entra', 'guid'],
        ]),
        deletedAt: at(9),
      };
      expect(await people.find('ada')).toBeUndefined();
      expect(await people.findByExternalId('okta', '00u1')).toEqual([]);
      expect(await tombstones.findByAccount('ada')).toEqual([expected]);
      expect(await tombstones.findByAddress('ADA@example.com')).toEqual([expected]);
      expect(await tombstones.findByAddress('ada@login.example')).toEqual([expected]);
      expect(await tombstones.findByAddress('bob@example.com')).toEqual([]);
    });

    it('drops holds and externalIds, so that a new link with the id starts clean [US9]', async () => {
      const { people, holds } = await open();
      await people.insert(aPerson('ada'));
      await people.setExternalId('ada', 'okta', '00u1');
      await holds.put({ personId: 'ada', groupId: 'g', kind: 'remembered' });

      await people.bury('ada', at(9));
      await people.insert(aPerson('ada', { createdAt: at(10) }));

      expect(await holds.ofPerson('ada')).toEqual([]);
      expect(await people.externalId('ada', 'okta')).toBeUndefined();
    });

    it('frees userName, account and addresses for others', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada'));
      await people.bury('ada', at(9));
      await people.insert(
        aPerson('inv-2', { accountId: 'ada', userName: 'ADA@example.com', address: 'ada@example.com' }),
      );

      expect((await people.findByAddress('ada@example.com')).map(({ id }) => id)).toEqual(['inv-2']);
    });

    it('replaces the earlier tombstone of the same id, and is harmless for an id nobody has', async () => {
      const { people, tombstones } = await open();
      await people.bury('nobody', at(1));
      await people.insert(aPerson('ada', { address: 'old@example.com', userName: 'old' }));
      await people.bury('ada', at(2));
      await people.insert(aPerson('ada', { address: 'new@example.com', userName: 'new' }));
      await people.bury('ada', at(3));

      expect((await tombstones.findByAccount('ada')).map(({ deletedAt }) => deletedAt)).toEqual([at(3)]);
      expect(await tombstones.findByAddress('old@example.com')).toEqual([]);
      expect(await tombstones.findByAddress('new@example.com')).toHaveLength(1);
    });

    it('is forgotten when the account lives again [ID5]', async () => {
      const { people, tombstones } = await open();
      await people.insert(aPerson('inv-1', { accountId: 'acc', address: 'ada@example.com' }));
      await people.bury('inv-1', at(2));
      await tombstones.removeAccount('acc');

      expect(await tombstones.findByAccount('acc')).toEqual([]);
      expect(await tombstones.findByAddress('ada@example.com')).toEqual([]);
    });
  });
}
