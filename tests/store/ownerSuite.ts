import { describe, expect, it } from '@jest/globals';
import { aGroup, aPerson, at, type OpenStore } from './samples.js';

const ADA_AND_BOB = ['ada', 'bob'] as const;

export function describeOwners(open: OpenStore): void {
  describe('owners', () => {
    it('of a person change without the caller that brought the person, and may be nobody [SA12]', async () => {
      const { people } = await open();
      await people.insert(aPerson('ada', { owner: undefined }));
      expect(await people.find('ada')).toMatchObject({ owner: undefined, caller: 'okta' });

      await people.update('ada', { owner: 'entra' });

      expect(await people.find('ada')).toMatchObject({ owner: 'entra', caller: 'okta' });
    });

    it('of memberships are whoever put the person there last, group by group [SA12]', async () => {
      const { membershipOwners } = await open();
      await membershipOwners.put('g', ADA_AND_BOB, 'okta');
      await membershipOwners.put('h', ['ada'], 'okta');
      await membershipOwners.put('g', ['ada'], 'entra');

      expect(await membershipOwners.of('g', ['ada', 'bob', 'eve'])).toEqual(
        new Map([
          ['ada', 'entra'],
          ['bob', 'okta'],
        ]),
      );
      expect(await membershipOwners.of('h', ADA_AND_BOB)).toEqual(new Map([['ada', 'okta']]));
      expect(await membershipOwners.ofGroup('g')).toEqual(await membershipOwners.of('g', ADA_AND_BOB));
      expect(await membershipOwners.ofGroup('i')).toEqual(new Map());
      expect(await membershipOwners.of('g', [])).toEqual(new Map());
    });

    it('of memberships are as many as a large group has members [SA12]', async () => {
      const { membershipOwners } = await open();
      const people = Array.from({ length: 2500 }, (_, n) => `p${n}`);
      await membershipOwners.put('g', people, 'okta');
      await membershipOwners.remove('g', people.slice(1, 2400));

      expect((await membershipOwners.of('g', people)).size).toBe(101);
    });

    it('of memberships are handed over with the group, all of them [SA12]', async () => {
      const { membershipOwners } = await open();
      await membershipOwners.put('g', ['ada'], 'okta');
      await membershipOwners.put('g', ['bob'], 'entra');
      await membershipOwners.put('h', ['ada'], 'okta');

      await membershipOwners.transfer('g', 'ping');

      expect([...(await membershipOwners.of('g', ADA_AND_BOB)).values()]).toEqual(['ping', 'ping']);
      expect([...(await membershipOwners.of('h', ADA_AND_BOB)).values()]).toEqual(['okta']);
    });

    it('of memberships stay with somebody who gets another id, and yield to those the other id has [SA12]', async () => {
      const { membershipOwners } = await open();
      for (const group of ['g', 'h']) await membershipOwners.put(group, ['ada'], 'okta');
      await membershipOwners.put('h', ['bob'], 'entra');

      await membershipOwners.move('ada', 'bob');
      await membershipOwners.move('bob', 'bob');

      expect(await membershipOwners.ofGroup('g')).toEqual(new Map([['bob', 'okta']]));
      expect(await membershipOwners.ofGroup('h')).toEqual(new Map([['bob', 'entra']]));
    });

    it('of memberships go with the person and with the group [SA12]', async () => {
      const { people, groups, membershipOwners } = await open();
      await people.insert(aPerson('ada'));
      await groups.insert(aGroup('g'));
      for (const group of ['g', 'h', 'i']) await membershipOwners.put(group, ADA_AND_BOB, 'okta');

      await people.bury('ada', at(5));
      await groups.remove('g');
      await membershipOwners.removeGroup('h');

      expect(await membershipOwners.of('g', ADA_AND_BOB)).toEqual(new Map());
      expect(await membershipOwners.of('h', ADA_AND_BOB)).toEqual(new Map());
      expect(await membershipOwners.of('i', ADA_AND_BOB)).toEqual(new Map([['bob', 'okta']]));
    });
  });
}
