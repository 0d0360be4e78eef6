/**
 * What Microsoft's SCIM validator and the shapes of its reference collection ask of a server, in our own words: a person
 * and a group from creation to deletion, with the odd spellings that Entra ID really sends.
 * Sources: MicrosoftDocs/entra-docs, docs/identity/app-provisioning/scim-validator-tutorial.md;
 * AzureAD/SCIMReferenceCode, PostmanCollection.json.
 */
import {
  ENTERPRISE,
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

await runScenario((send, suffix) => {
  const userName = `entra-${suffix}@example.com`;
  const other = `entra-other-${suffix}@example.com`;
  const displayName = `entra-group-${suffix}`;
  const externalId = `Entra-${suffix}`;
  /** @type {Record<string, string>} */
  const ids = {};
  const person = {
    schemas: [USER, ENTERPRISE],
    userName,
    externalId,
    active: true,
    displayName: 'Ada Lovelace',
    name: { formatted: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' },
    emails: [{ Primary: true, type: 'work', value: userName }],
    meta: { resourceType: 'User' },
    roles: [],
    [ENTERPRISE]: { department: 'Engines' },
  };
  const user = () => `/Users/${ids.user}`;
  const group = () => `/Groups/${ids.group}`;
  /** Sends a PATCH of the person and compares what is read afterwards. */
  const patched = async (/** @type {object[]} */ operations, /** @type {Record<string, unknown>} */ expected) => {
    expectStatus(await send('PATCH', user(), patch(...operations)), 200, 204);
    const { body } = await send('GET', user());
    for (const [name, value] of Object.entries(expected)) expectEqual(name, body[name] ?? null, value);
  };
  const managerPatched = async (/** @type {object} */ operation, /** @type {string | undefined} */ expected) => {
    expectStatus(await send('PATCH', user(), patch(operation)), 200, 204);
    expectEqual('manager', (await send('GET', user())).body[ENTERPRISE]?.manager?.value, expected);
  };
  const membersNow = async () =>
    ((await send('GET', group())).body.members ?? []).map((/** @type {{ value: string }} */ { value }) => value).sort();

  return [
    {
      name: 'connection test: a filter on a random name is an empty list',
      run: async () => expectTotal(await send('GET', filtered('/Users', `userName eq "${suffix}-nobody"`)), 0),
    },
    {
      name: 'create a user',
      run: async () => {
        const answer = await send('POST', '/Users', person);
        expectStatus(answer, 201);
        ids.user = answer.body.id;
        expectEqual('userName', answer.body.userName, userName);
        expectEqual('active', answer.body.active, true);
        expectEqual('Location', answer.headers.get('location'), answer.body.meta.location);
      },
    },
    {
      name: 'create a user with active as text, null sub-attributes and a capital Department',
      run: async () => {
        const answer = await send('POST', '/Users', {
          ...person,
          userName: other,
          externalId: undefined,
          active: 'True',
          name: { formatted: null, givenName: 'Bob', familyName: null },
          emails: [{ Primary: true, type: 'work', value: other }],
          [ENTERPRISE]: { Department: 'Engines', manager: null },
        });
        expectStatus(answer, 201);
        ids.other = answer.body.id;
        expectEqual('active', answer.body.active, true);
      },
    },
    {
      name: 'create the same user again is 409',
      run: async () => expectError(await send('POST', '/Users', person), 409),
    },
    { name: 'junk instead of a user is 400', run: async () => expectError(await send('POST', '/Users', '{"a"'), 400) },
    {
      name: 'read the user',
      run: async () => expectEqual('id', (await send('GET', user())).body.id, ids.user),
    },
    {
      name: 'filter by userName',
      run: async () => expectTotal(await send('GET', filtered('/Users', `userName eq "${userName}"`)), 1),
    },
    {
      name: 'filter by userName in other letters',
      run: async () => expectTotal(await send('GET', filtered('/Users', `userName eq "${userName.toUpperCase()}"`)), 1),
    },
    {
      name: 'filter by userName behind a trailing slash',
      run: async () => expectTotal(await send('GET', filtered('/Users/', `userName eq "${userName}"`)), 1),
    },
    {
      name: 'filter by userName with raw quotes in the address',
      run: async () => expectTotal(await send('GET', `/Users?filter=userName+eq+"${userName}"`), 1),
    },
    {
      name: 'filter by externalId',
      run: async () => expectTotal(await send('GET', filtered('/Users', `externalId eq "${externalId}"`)), 1),
    },
    {
      name: 'filter by externalId in other letters finds nobody',
      run: async () =>
        expectTotal(await send('GET', filtered('/Users', `externalId eq "${externalId.toLowerCase()}"`)), 0),
    },
    {
      name: 'filter by the work address',
      run: async () =>
        expectTotal(await send('GET', filtered('/Users', `emails[type eq "work"].value eq "${userName}"`)), 1),
    },
    {
      name: 'replace many attributes, one operation each',
      run: () =>
        patched(
          [
            { op: 'Replace', path: 'displayName', value: 'Augusta Lovelace' },
            { op: 'Replace', path: 'name.givenName', value: 'Augusta' },
            { op: 'Replace', path: 'emails[type eq "work"].value', value: userName },
            { op: 'Add', path: `${ENTERPRISE}:employeeNumber`, value: '1815' },
          ],
          { displayName: 'Augusta Lovelace' },
        ),
    },
    {
      name: 'replace many attributes in one path-less operation with dotted keys',
      run: () =>
        patched([{ op: 'replace', value: { title: 'Countess', 'name.familyName': 'King' } }], { title: 'Countess' }),
    },
    {
      name: 'add an attribute',
      run: () => patched([{ op: 'Add', path: 'nickName', value: 'Ada' }], { nickName: 'Ada' }),
    },
    {
      name: 'update userName',
      run: async () => {
        await patched([{ op: 'Replace', path: 'userName', value: `renamed-${userName}` }], {
          userName: `renamed-${userName}`,
        });
        await send('PATCH', user(), patch({ op: 'Replace', path: 'userName', value: userName }));
      },
    },
    {
      name: 'update externalId',
      run: () => patched([{ op: 'Replace', path: 'externalId', value: externalId }], { externalId }),
    },
    {
      name: 'add the manager as plain text',
      run: () => managerPatched({ op: 'Add', path: `${ENTERPRISE}:manager`, value: ids.other }, ids.other),
    },
    {
      name: 'replace the manager by a list with $ref',
      run: () =>
        managerPatched(
          { op: 'Replace', path: `${ENTERPRISE}:manager`, value: [{ $ref: `../Users/${ids.user}`, value: ids.user }] },
          ids.user,
        ),
    },
    {
      name: 'remove the manager',
      run: () => managerPatched({ op: 'Remove', path: `${ENTERPRISE}:manager` }, undefined),
    },
    {
      name: 'replace active by the value that it has',
      run: () => patched([{ op: 'Replace', path: 'active', value: 'True' }], { active: true }),
    },
    {
      name: 'disable the user with a boolean',
      run: () => patched([{ op: 'Replace', path: 'active', value: false }], { active: false }),
    },
    {
      name: 'a disabled user stays in the filtered list',
      run: async () => {
        const answer = await send('GET', filtered('/Users', `userName eq "${userName}"`));
        expectTotal(answer, 1);
        expectEqual('active', answer.body.Resources[0].active, false);
      },
    },
    {
      name: 'enable the user with text',
      run: () => patched([{ op: 'Replace', path: 'active', value: 'True' }], { active: true }),
    },
    {
      name: 'disable the user with text and with names beside it',
      run: () =>
        patched(
          [
            { op: 'Replace', path: 'displayName', value: 'Somebody Else' },
            { op: 'Replace', path: 'active', value: 'False' },
          ],
          { active: false },
        ),
    },
    {
      name: 'enable the user again',
      run: () => patched([{ op: 'Add', path: 'active', value: true }], { active: true }),
    },
    {
      name: 'create a group with a schema of its own',
      run: async () => {
        const answer = await send('POST', '/Groups', {
          schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
          displayName,
          externalId,
          meta: { resourceType: 'Group' },
        });
        expectStatus(answer, 201);
        ids.group = answer.body.id;
      },
    },
    {
      name: 'create the same group again is 409',
      run: async () => expectError(await send('POST', '/Groups', { schemas: [GROUP], displayName }), 409),
    },
    {
      name: 'filter groups by displayName with a capital attribute name, without members',
      run: async () => {
        const answer = await send(
          'GET',
          filtered('/Groups', `DisplayName eq "${displayName}"`, '&excludedAttributes=members'),
        );
        expectTotal(answer, 1);
        expectEqual('members', answer.body.Resources[0].members, undefined);
      },
    },
    {
      name: 'filter groups by externalId',
      run: async () => expectTotal(await send('GET', filtered('/Groups', `externalId eq "${externalId}"`)), 1),
    },
    {
      name: 'filter groups by externalId in other letters finds none',
      run: async () =>
        expectTotal(await send('GET', filtered('/Groups', `externalId eq "${externalId.toLowerCase()}"`)), 0),
    },
    {
      name: 'add a member with a null $ref',
      run: async () => {
        expectStatus(
          await send('PATCH', group(), patch({ op: 'Add', path: 'members', value: [{ $ref: null, value: ids.user }] })),
          200,
          204,
        );
        expectEqual('members', await membersNow(), [ids.user]);
      },
    },
    {
      name: 'add a member as plain text',
      run: async () => {
        expectStatus(await send('PATCH', group(), patch({ op: 'Add', path: 'members', value: ids.other })), 200, 204);
        expectEqual('members', await membersNow(), [ids.user, ids.other].sort());
      },
    },
    {
      name: 'remove a member by a list of values',
      run: async () => {
        expectStatus(
          await send(
            'PATCH',
            group(),
            patch({ op: 'Remove', path: 'members', value: [{ $ref: null, value: ids.user }] }),
          ),
          200,
          204,
        );
        expectEqual('members', await membersNow(), [ids.other]);
      },
    },
    {
      name: 'remove a member by a filter path',
      run: async () => {
        expectStatus(
          await send('PATCH', group(), patch({ op: 'remove', path: `members[value eq "${ids.other}"]` })),
          200,
          204,
        );
        expectEqual('members', await membersNow(), []);
      },
    },
    {
      name: 'rename, add and remove in one request',
      run: async () => {
        const message = patch(
          { op: 'Replace', path: 'displayName', value: `${displayName}-renamed` },
          { op: 'Add', path: 'members', value: [{ value: ids.user }, { value: ids.other }] },
          { op: 'Remove', path: 'members', value: [{ value: ids.other }] },
        );
        expectStatus(await send('PATCH', group(), message), 200, 204);
        expectEqual('members', await membersNow(), [ids.user]);
        expectEqual('displayName', (await send('GET', group())).body.displayName, `${displayName}-renamed`);
      },
    },
    {
      name: 'update externalId of the group',
      run: async () => {
        expectStatus(
          await send('PATCH', group(), patch({ op: 'Replace', path: 'externalId', value: 'another' })),
          200,
          204,
        );
        expectEqual('externalId', (await send('GET', group())).body.externalId, 'another');
      },
    },
    {
      name: 'remove all members without a value',
      run: async () => {
        expectStatus(await send('PATCH', group(), patch({ op: 'Remove', path: 'members' })), 200, 204);
        expectEqual('members', await membersNow(), []);
      },
    },
    { name: 'delete the group', run: async () => expectStatus(await send('DELETE', group()), 204) },
    { name: 'delete the group again is 404', run: async () => expectError(await send('DELETE', group()), 404) },
    {
      name: 'delete the users',
      run: async () => {
        expectStatus(await send('DELETE', user()), 204);
        expectStatus(await send('DELETE', `/Users/${ids.other}`), 204);
      },
    },
    { name: 'delete the user again is 404', run: async () => expectError(await send('DELETE', user()), 404) },
    { name: 'the deleted user is 404', run: async () => expectError(await send('GET', user()), 404) },
  ];
}, 'application/scim+json; charset=utf-8');
