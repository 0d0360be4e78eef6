/**
 * What Okta's SCIM specification test and its create-read-update-delete test ask of a server, in our own words.
 * Sources: okta/okta-developer-docs, .vuepress/public/standards/SCIM/SCIMFiles (Okta-SCIM-20-SPEC-Test.json, CRUD test) and
 * docs/reference/scim/scim-20/index.md.
 */
import {
  expectEqual,
  expectError,
  expectStatus,
  expectTotal,
  filtered,
  GROUP,
  patch,
  runScenario,
  USER,
} from './scim.mjs';

/** @param {unknown} value @param {string} what */
function expectText(value, what) {
  if (typeof value !== 'string' || value === '') throw new Error(`${what} is not a filled text`);
}

/** @param {any} list */
function expectWindow(list) {
  for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) {
    if (!Number.isInteger(list[name])) throw new Error(`${name} is not an integer`);
  }
  if (!Array.isArray(list.Resources)) throw new Error('Resources is not a list');
}

await runScenario((send, suffix) => {
  const userName = `okta-${suffix}@example.com`;
  const displayName = `okta-group-${suffix}`;
  /** @type {Record<string, string>} */
  const ids = {};
  const person = {
    schemas: [USER],
    userName,
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Ada Lovelace',
    locale: 'en-US',
    externalId: `00u${suffix}`,
    groups: [],
    password: `1mz050nq-${suffix}`,
    active: true,
  };
  const user = () => `/Users/${ids.user}`;
  const group = () => `/Groups/${ids.group}`;
  const activeNow = async () => (await send('GET', user())).body.active;
  const membersNow = async () =>
    ((await send('GET', group())).body.members ?? []).map((/** @type {{ value: string }} */ { value }) => value).sort();

  return [
    {
      name: 'one user of the list: 200, integers, Resources',
      run: async () => {
        const answer = await send('GET', '/Users?count=1&startIndex=1');
        expectStatus(answer, 200);
        expectWindow(answer.body);
        expectEqual('number of Resources', answer.body.Resources.length, 1);
        ids.first = answer.body.Resources[0].id;
      },
    },
    {
      name: 'the first user has id, names, userName, active and an address',
      run: async () => {
        const [first] = (await send('GET', '/Users?count=1&startIndex=1')).body.Resources;
        expectText(first.id, 'id');
        expectText(first.userName, 'userName');
        expectText(first.name?.familyName, 'name.familyName');
        expectText(first.name?.givenName, 'name.givenName');
        expectText(first.emails?.[0]?.value, 'emails[0].value');
        expectEqual('type of active', typeof first.active, 'boolean');
      },
    },
    {
      name: 'the first user by id',
      run: async () => {
        const answer = await send('GET', `/Users/${ids.first}`);
        expectStatus(answer, 200);
        expectEqual('id', answer.body.id, ids.first);
      },
    },
    {
      name: 'a filter that fits nobody: 200 and an empty list',
      run: async () => {
        const answer = await send('GET', filtered('/Users', `userName eq "nobody-${suffix}"`));
        expectTotal(answer, 0);
        expectWindow(answer.body);
      },
    },
    {
      name: 'an unknown id: 404 with detail',
      run: async () => expectError(await send('GET', `/Users/00919288221112222${suffix}`), 404),
    },
    {
      name: 'a wrong token: 401',
      run: async () =>
        expectError(await send('GET', '/Users?count=1', undefined, { Authorization: 'Bearer wrong' }), 401),
    },
    {
      name: 'create a user: 201, filled, without the password',
      run: async () => {
        const answer = await send('POST', '/Users', person);
        expectStatus(answer, 201);
        ids.user = answer.body.id;
        expectText(ids.user, 'id');
        expectEqual('schemas', answer.body.schemas, [USER]);
        expectEqual('active', answer.body.active, true);
        expectEqual('name.familyName', answer.body.name.familyName, 'Lovelace');
        expectEqual('password', answer.body.password, undefined);
      },
    },
    {
      name: 'read the created user',
      run: async () => {
        const answer = await send('GET', user());
        expectStatus(answer, 200);
        expectEqual('userName', answer.body.userName, userName);
        expectEqual('name', answer.body.name, person.name);
        expectEqual('emails', answer.body.emails, person.emails);
      },
    },
    {
      name: 'create the same user again: 409',
      run: async () => expectError(await send('POST', '/Users', person), 409),
    },
    {
      name: 'find the user by userName in capitals',
      run: async () => {
        const answer = await send(
          'GET',
          filtered('/Users', `userName eq "${userName.toUpperCase()}"`, '&startIndex=1&count=100'),
        );
        expectTotal(answer, 1);
        expectEqual('id', answer.body.Resources[0].id, ids.user);
      },
    },
    {
      name: 'a page of groups: 200',
      run: async () => {
        const answer = await send('GET', '/Groups?startIndex=1&count=100');
        expectStatus(answer, 200);
        expectWindow(answer.body);
      },
    },
    {
      name: 'update the first name: GET, then PUT of the merged answer',
      run: async () => {
        const { body } = await send('GET', user());
        const answer = await send('PUT', user(), { ...body, name: { ...body.name, givenName: 'Augusta' } });
        expectStatus(answer, 200);
        expectEqual('name.givenName', (await send('GET', user())).body.name.givenName, 'Augusta');
      },
    },
    {
      name: 'deactivate: PATCH without path',
      run: async () => {
        expectStatus(await send('PATCH', user(), patch({ op: 'replace', value: { active: false } })), 200, 204);
        expectEqual('active', await activeNow(), false);
      },
    },
    {
      name: 'a deactivated user is found',
      run: async () => expectTotal(await send('GET', filtered('/Users', `userName eq "${userName}"`)), 1),
    },
    {
      name: 'reactivate: PATCH without path',
      run: async () => {
        expectStatus(await send('PATCH', user(), patch({ op: 'replace', value: { active: true } })), 200, 204);
        expectEqual('active', await activeNow(), true);
      },
    },
    {
      name: 'deactivate and reactivate: GET, then PUT',
      run: async () => {
        for (const active of [false, true]) {
          const { body } = await send('GET', user());
          expectStatus(await send('PUT', user(), { ...body, active }), 200);
          expectEqual('active', await activeNow(), active);
        }
      },
    },
    {
      name: 'push a group: look-up, POST, path-less PATCH of its name',
      run: async () => {
        expectTotal(await send('GET', filtered('/Groups', `displayName eq "${displayName}"`)), 0);
        const answer = await send('POST', '/Groups', { schemas: [GROUP], displayName, members: [] });
        expectStatus(answer, 201);
        ids.group = answer.body.id;
        expectStatus(
          await send('PATCH', group(), patch({ op: 'replace', value: { id: ids.group, displayName } })),
          200,
          204,
        );
      },
    },
    {
      name: 'push members: add with display, then replace',
      run: async () => {
        const members = [{ value: ids.user, display: userName }];
        expectStatus(await send('PATCH', group(), patch({ op: 'add', path: 'members', value: members })), 200, 204);
        expectEqual('members', await membersNow(), [ids.user]);
        expectStatus(await send('PATCH', group(), patch({ op: 'replace', path: 'members', value: [] })), 200, 204);
        expectEqual('members', await membersNow(), []);
        expectStatus(
          await send('PATCH', group(), patch({ op: 'replace', value: { id: ids.group, displayName, members } })),
          200,
          204,
        );
        expectEqual('members', await membersNow(), [ids.user]);
      },
    },
    {
      name: 'push members: remove by filter and add in one request',
      run: async () => {
        const message = patch(
          { op: 'remove', path: `members[value eq "${ids.user}"]` },
          { op: 'add', path: 'members', value: [{ value: ids.user, display: userName }] },
        );
        expectStatus(await send('PATCH', group(), message), 200, 204);
        expectEqual('members', await membersNow(), [ids.user]);
      },
    },
    {
      name: 'rename a pushed group: path-less PATCH with id',
      run: async () => {
        const renamed = `${displayName}-renamed`;
        expectStatus(
          await send('PATCH', group(), patch({ op: 'replace', value: { id: ids.group, displayName: renamed } })),
          200,
          204,
        );
        expectTotal(await send('GET', filtered('/Groups', `displayName eq "${renamed}"`)), 1);
        expectEqual('members', await membersNow(), [ids.user]);
      },
    },
    {
      name: 'unlink and delete: the group is gone, its people stay',
      run: async () => {
        expectStatus(await send('DELETE', group()), 204);
        expectError(await send('GET', group()), 404);
        expectEqual('active', await activeNow(), true);
      },
    },
    {
      name: 'clean up (Okta itself never deletes a user)',
      run: async () => expectStatus(await send('DELETE', user()), 204),
    },
  ];
}, 'application/scim+json; charset=utf-8');
