import { transferPerson } from '../provisioning/transfer.js';
import { assert, operatorCall, stateActive } from './acting.js';
import type { Chapter } from './chapters.js';

const EMAIL = 'katherine.johnson@example.com';

/** Two identity providers know the same person, and only the one that wants her active takes her access. */
export const owningPeople: Chapter = {
  title: 'Two identity providers',
  async play({ scim, second, sandbox, store, clock, print }) {
    const created = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: EMAIL,
      emails: [{ value: EMAIL, primary: true }],
    });
    const id = String(created.body['id']);
    const hasAccess = () => sandbox.groupsOf(id).includes(sandbox.groups.access.id);
    print('Katherine is created by the identity provider "demo". "second" knows her too, and deactivates her:\n');

    const refused = await stateActive(second, id, false);
    print(`  ${refused.status} ${String(refused.body['detail'])}\n`);
    assert(refused.status === 403 && hasAccess(), 'The second identity provider took the access.');

    const agreed = await stateActive(second, id, true);
    print(`"second" says active: true, ${agreed.status}, and owns her from then on. Now "demo" deactivates her:\n`);
    const late = await stateActive(scim, id, false);
    print(`  ${late.status} ${String(late.body['detail'])}\n`);
    assert(agreed.status === 200 && late.status === 403 && hasAccess(), 'The first one took what the second owns.');

    print(`The operator decides:\n$ confluence-scim-bridge transfer ${EMAIL} demo\n`);
    const before = await transferPerson(id, 'demo', { store, clock }, operatorCall(clock));
    const taken = await stateActive(scim, id, false);
    print(
      `She belonged to "${String(before)}"; "demo" repeats its message: ${taken.status}, she has no access any more.\n`,
    );
    assert(taken.status === 200 && !hasAccess(), 'The owner could not take the access.');
  },
};
