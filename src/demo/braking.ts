import { RELEASED_BRAKE } from '../provisioning/brake.js';
import { releaseBrake } from '../provisioning/brakeStatus.js';
import { deactivateByHand } from '../provisioning/byHand.js';
import { assert, operatorCall, stateActive } from './acting.js';
import type { Chapter } from './chapters.js';

const PEOPLE = 40;
const LIMIT = 10;

/** An identity provider that went wrong takes access from everybody, and the brake stops it. */
export const brakingWave: Chapter = {
  title: 'An identity provider goes wrong',
  async play({ scim, sandbox, app, store, clock, print }) {
    const people = Array.from({ length: PEOPLE }, (_, n) =>
      sandbox.addPerson({ email: `colleague${n}@example.com`, displayName: `Colleague ${n}`, access: true }),
    );
    const withAccess = () =>
      people.filter(({ accountId }) => sandbox.groupsOf(accountId).includes(sandbox.groups.access.id));
    const release = async (): Promise<void> => {
      print('$ confluence-scim-bridge brake release\n');
      await releaseBrake(store, clock.now(), clock, operatorCall(clock));
    };

    await release();
    print(`${PEOPLE} colleagues have access. A lost feed: all of them are deactivated or deleted at once.\n`);
    const replies = await Promise.all(
      people.map(({ accountId }, n) =>
        n % 2 === 0 ? stateActive(scim, accountId, false) : scim('DELETE', `/Users/${accountId}`),
      ),
    );
    const refused = replies.filter(({ status }) => status === 503);
    print(`${PEOPLE - withAccess().length} lost access, ${refused.length} messages were refused:\n`);
    print(`  503 ${String(refused[0]?.body['detail'])}\n`);
    assert(withAccess().length === PEOPLE - LIMIT, 'The wave was not stopped at the limit.');

    const created = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'newcomer@example.com',
    });
    print(`Additions go on: a newcomer is created, ${created.status}.\n`);
    assert(created.status === 201, 'The newcomer was not created.');

    const [urgent, next] = withAccess();
    if (urgent === undefined || next === undefined) throw new Error('Nobody has access any more.');
    print(`One has to leave now:\n$ confluence-scim-bridge deactivate ${urgent.email}\n`);
    await deactivateByHand(urgent.email, { ...app.deps, brake: RELEASED_BRAKE }, operatorCall(clock));
    assert(!withAccess().includes(urgent), 'The urgent leaver has access still.');

    assert((await stateActive(scim, next.accountId, false)).status === 503, 'The brake let somebody pass.');
    print('The rest was meant after all:\n');
    await release();
    const { status } = await stateActive(scim, next.accountId, false);
    print(`The identity provider repeats what was refused: ${status}.\n`);
    assert(status === 200, 'The brake was not released.');
  },
};
