import { describe, expect, it } from '@jest/globals';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { expectScimError } from '../support/bridge.js';
import { ADA, bodyOf, startUsers, type UserSite } from './userSite.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** As often as the bridge tries. */
const TIMES = 3;

function strike(site: UserSite, method: 'POST' | 'DELETE'): void {
  site.sandbox.faults.next({ method, path: /userByGroupId/, status: 503, times: TIMES });
}

describe('the repeat of a POST that failed on the way', () => {
  it.each(['organization', 'jira', 'invite'] as BackEnd[])(
    'takes the access of somebody posted as inactive (%s), 201 [US6] [US12] [SA6]',
    async (backEnd) => {
      const site = await startUsers({ backEnd });
      const { accountId } = await site.known();
      strike(site, 'DELETE');

      expect((await site.create({ active: false })).status).toBe(503);
      const repeated = await site.create({ active: false });

      expect(repeated.status).toBe(201);
      expect(bodyOf(repeated)).toMatchObject({ id: accountId, active: false });
      expect(site.sandbox.groupsOf(accountId)).toEqual([]);
      expect(await site.holds(accountId, 'remembered')).toEqual([site.sandbox.groups.access.id]);
      expectScimError(await site.create({ active: false }), 409, 'uniqueness');
    },
  );

  /** A POST that takes up Ada's inactive record under a new userName, and fails before she is let in. */
  async function halfWay(): Promise<{ site: UserSite; id: string }> {
    const site = await startUsers();
    const { id } = await site.created({ userName: 'ada.byron', externalId: 'old' });
    await site.state(id, false);
    strike(site, 'POST');
    expect((await site.create()).status).toBe(503);
    return { site, id };
  }

  it('gives the access that taking up a record was to give, 201, same id [US6] [SA6]', async () => {
    const { site, id } = await halfWay();

    const repeated = await site.create();

    expect(repeated.status).toBe(201);
    expect(bodyOf(repeated)).toMatchObject({ id, userName: ADA, active: true });
    expect(site.sandbox.groupsOf(id)).toEqual([site.sandbox.groups.access.id]);
    expectScimError(await site.create(), 409, 'uniqueness');
  });

  it('gives none when the person was deactivated meanwhile [US6] [US12]', async () => {
    const { site, id } = await halfWay();
    expect((await site.state(id, false)).status).toBe(200);

    expectScimError(await site.create(), 409, 'uniqueness');
    expect(site.sandbox.groupsOf(id)).toEqual([]);
  });

  it('is no other message [US6]', async () => {
    const { site } = await halfWay();

    expectScimError(await site.create({ title: 'Baroness' }), 409, 'uniqueness');
  });

  it('is no message of another day [US6]', async () => {
    const { site } = await halfWay();
    site.clock.advance(DAY_MS + 1000);

    expectScimError(await site.create(), 409, 'uniqueness');
  });

  it('is noted for a day, and forgotten with the next scan [US6]', async () => {
    const { site } = await halfWay();
    const noted = () => site.store.intents.list('createUser');
    site.clock.advance(DAY_MS / 2);
    await site.scan();
    expect(await noted()).toHaveLength(1);

    site.clock.advance(DAY_MS / 2);
    await site.scan();
    expect(await noted()).toEqual([]);
  });
});
