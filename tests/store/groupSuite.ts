import { describe, expect, it } from '@jest/globals';
import { aGroup, aPerson, at, type OpenStore } from './samples.js';

export function describeGroups(open: OpenStore): void {
  describe('groups', () => {
    it('gives back a link as it was put in, modified when it was created', async () => {
      const { groups } = await open();
      const link = aGroup('g', { origin: 'adopted', memberCount: 3, confluenceName: 'Old name' });
      await groups.insert(link);

      expect(await groups.find('g')).toEqual({ ...link, modifiedAt: link.createdAt });
    });

    it('finds by recorded displayName without regard to case [GR3]', async () => {
      const { groups } = await open();
      await groups.insert(aGroup('g', { displayName: 'Ops Team', confluenceName: 'ops' }));

      expect(await groups.findByDisplayName('OPS team')).toMatchObject({ id: 'g' });
      expect(await groups.findByDisplayName('ops')).toBeUndefined();
    });

    it('refuses a displayName that is recorded for another, on insert and on update [GR3]', async () => {
      const { groups } = await open();
      await groups.insert(aGroup('g1', { displayName: 'Ops' }));
      await groups.insert(aGroup('g2', { displayName: 'Dev' }));

      const conflict = { kind: 'conflict', message: expect.stringMatching(/displayName/) };
      await expect(groups.insert(aGroup('g3', { displayName: 'OPS' }))).rejects.toMatchObject(conflict);
      await expect(groups.update('g2', { displayName: 'ops' })).rejects.toMatchObject(conflict);
      await groups.update('g1', { displayName: 'OPS', memberCount: undefined });
      expect(await groups.find('g1')).toMatchObject({ displayName: 'OPS' });
    });

    it('refuses a second link of one group', async () => {
      const { groups } = await open();
      await groups.insert(aGroup('g', { displayName: 'Ops' }));

      await expect(groups.insert(aGroup('g', { displayName: 'Dev' }))).rejects.toMatchObject({ kind: 'conflict' });
      expect(await groups.find('g')).toMatchObject({ displayName: 'Ops' });
    });

    it('keeps the row of a released group, frees its name and takes the group up again', async () => {
      const { groups } = await open();
      await groups.insert(aGroup('g1', { displayName: 'Ops', origin: 'adopted' }));
      await groups.setExternalId('g1', 'okta', 'e1');
      await groups.update('g1', { isReleased: true });

      expect(await groups.find('g1')).toMatchObject({ isReleased: true });
      expect(await groups.findByDisplayName('Ops')).toBeUndefined();
      expect(await groups.findByExternalId('okta', 'e1')).toEqual([]);
      await groups.insert(aGroup('g2', { displayName: 'ops' }));
      await expect(groups.insert(aGroup('g1', { displayName: 'OPS' }))).rejects.toMatchObject({ kind: 'conflict' });

      const again = aGroup('g1', { displayName: 'Ops again', caller: 'entra', createdAt: at(5) });
      await groups.insert(again);
      expect(await groups.find('g1')).toEqual({ ...again, modifiedAt: at(5) });
    });

    it('answers a change of a group that is not there with notFound', async () => {
      const { groups } = await open();

      await expect(groups.update('none', { memberCount: 1 })).rejects.toMatchObject({ kind: 'notFound' });
      await expect(groups.setExternalId('none', 'okta', 'e')).rejects.toMatchObject({ kind: 'notFound' });
    });

    it('keeps externalIds of groups apart from those of people, and moves them [ID6]', async () => {
      const { groups, people } = await open();
      await people.insert(aPerson('p'));
      await people.setExternalId('p', 'okta', 'same');
      await groups.insert(aGroup('g1'));
      await groups.insert(aGroup('g2'));
      await groups.setExternalId('g1', 'okta', 'same');
      await groups.setExternalId('g2', 'okta', 'same');

      expect(await groups.externalId('g1', 'okta')).toBeUndefined();
      expect((await groups.findByExternalId('okta', 'same')).map(({ id }) => id)).toEqual(['g2']);
      expect(await people.externalId('p', 'okta')).toBe('same');
    });

    it('drops holds and externalIds with the group', async () => {
      const { groups, holds } = await open();
      await groups.insert(aGroup('g'));
      await groups.setExternalId('g', 'okta', 'e1');
      await holds.put({ personId: 'p', groupId: 'g', kind: 'owed' });

      await groups.remove('g');
      await groups.remove('g');

      expect(await groups.find('g')).toBeUndefined();
      expect(await groups.externalId('g', 'okta')).toBeUndefined();
      expect(await holds.ofGroup('g')).toEqual([]);
    });

    it('remembers a deleted group until it lives again', async () => {
      const { tombstones } = await open();
      await tombstones.putGroup('g', at());
      await tombstones.putGroup('g', at(1));
      expect(await tombstones.isGroupBuried('g')).toBe(true);
      expect(await tombstones.isGroupBuried('h')).toBe(false);

      await tombstones.removeAccount('g');

      expect(await tombstones.isGroupBuried('g')).toBe(false);
    });
  });

  describe('holds', () => {
    it('are put and removed idempotently', async () => {
      const { holds } = await open();
      const hold = { personId: 'p', groupId: 'g', kind: 'remembered' } as const;
      await holds.put(hold);
      await holds.put(hold);
      expect(await holds.ofPerson('p')).toEqual([hold]);

      await holds.remove('p', 'g', 'remembered');
      await holds.remove('p', 'g', 'remembered');

      expect(await holds.ofPerson('p')).toEqual([]);
    });

    it('of one kind go without the others, or all at once when no kind is named', async () => {
      const { holds } = await open();
      await holds.put({ personId: 'p', groupId: 'g', kind: 'remembered' });
      await holds.put({ personId: 'p', groupId: 'g', kind: 'owed' });
      await holds.put({ personId: 'p', groupId: 'h', kind: 'owed' });
      await holds.put({ personId: 'q', groupId: 'g', kind: 'owed' });

      await holds.remove('p', 'g', 'remembered');
      expect(await holds.ofGroup('g')).toEqual([
        { personId: 'p', groupId: 'g', kind: 'owed' },
        { personId: 'q', groupId: 'g', kind: 'owed' },
      ]);
      await holds.put({ personId: 'p', groupId: 'g', kind: 'suspended' });
      await holds.remove('p', 'g', undefined);
      expect(await holds.ofPerson('p')).toEqual([{ personId: 'p', groupId: 'h', kind: 'owed' }]);
      await holds.removeAll('p', 'owed');
      expect(await holds.ofPerson('p')).toEqual([]);
      expect(await holds.ofPerson('q')).toHaveLength(1);
    });

    it('stay with somebody who gets another id, beside those the other id has', async () => {
      const { holds } = await open();
      await holds.put({ personId: 'p', groupId: 'g', kind: 'owed' });
      await holds.put({ personId: 'p', groupId: 'h', kind: 'owed' });
      await holds.put({ personId: 'q', groupId: 'h', kind: 'owed' });

      await holds.move('p', 'q');
      await holds.move('q', 'q');

      expect(await holds.ofPerson('p')).toEqual([]);
      expect(await holds.ofPerson('q')).toEqual([
        { personId: 'q', groupId: 'g', kind: 'owed' },
        { personId: 'q', groupId: 'h', kind: 'owed' },
      ]);
    });
  });
}
