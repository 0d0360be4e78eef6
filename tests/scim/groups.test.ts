import { beforeEach, describe, expect, it } from '@jest/globals';
import { expectScimError, operations, startTestBridge, type TestBridge } from '../support/bridge.js';
import { GROUP_URN, idOf, patch, user } from './exchanges.js';

let bridge: TestBridge;
let ada: string;
let bob: string;
let crew: string;

beforeEach(async () => {
  bridge = await startTestBridge();
  ada = idOf(await bridge.scim('post', '/Users', user('ada')));
  bob = idOf(await bridge.scim('post', '/Users', user('bob')));
  crew = idOf(await bridge.scim('post', '/Groups', group('Crew', ada)));
  bridge.sandbox.takeCalls();
});

function group(displayName: string, ...members: readonly string[]): object {
  return { schemas: [GROUP_URN], displayName, members: members.map((value) => ({ value })) };
}

const MEMBERS = /userByGroupId/;

describe('a change of a group that Atlassian answers with 404', () => {
  const addBob = () => patch({ op: 'add', path: 'members', value: [{ value: bob }] });
  const removeAda = () => patch({ op: 'remove', path: `members[value eq "${ada}"]` });

  it.each([
    ['a member to add', addBob, () => [ada, bob]],
    ['a member to remove', removeAda, () => []],
  ])('is 503 for %s while the group is there, and is done when sent again [SA2]', async (_name, message, after) => {
    bridge.sandbox.faults.next({ path: MEMBERS, status: 404 });

    const refused = await bridge.scim('patch', `/Groups/${crew}`, message());

    expectScimError(refused, 503);
    expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect((await bridge.scim('patch', `/Groups/${crew}`, message())).status).toBe(204);
    expect([...bridge.sandbox.membersOf(crew)].sort()).toEqual([...after()].sort());
  });

  it('is 400 that names the member when Atlassian knows the group but not the person on the site [GR4]', async () => {
    bridge.sandbox.faults.next({ path: MEMBERS, status: 404 });
    bridge.sandbox.faults.always({ path: /memberof/, status: 404 });

    const reply = await bridge.scim('patch', `/Groups/${crew}`, addBob());

    expectScimError(reply, 400, 'invalidValue');
    expect(reply.body).toMatchObject({ detail: expect.stringContaining(bob) });
  });

  it.each([
    ['added', addBob],
    ['removed', removeAda],
  ])('is 404 when a member is %s and the group is gone by its id, too [SA2]', async (_name, message) => {
    bridge.sandbox.faults.next({ path: MEMBERS, status: 404 });
    bridge.sandbox.faults.next({ path: /by-id/, status: 404 });

    expectScimError(await bridge.scim('patch', `/Groups/${crew}`, message()), 404);
    expect(operations(bridge.sandbox).slice(-2)).toEqual(['confluence.getGroup', 'confluence.listMembers']);
  });

  it('is never 404 for POST, and the same message makes the group later [SA2] [GR8]', async () => {
    bridge.sandbox.faults.next({ path: MEMBERS, status: 404 });
    bridge.sandbox.faults.next({ path: /by-id/, status: 404 });

    expectScimError(await bridge.scim('post', '/Groups', group('New crew', ada, bob)), 503);

    const made = await bridge.scim('post', '/Groups', group('New crew', ada, bob));
    expect(made.status).toBe(201);
    expect([...bridge.sandbox.membersOf(idOf(made))].sort()).toEqual([ada, bob].sort());
  });

  it('adds a member whose groups Atlassian does not know, when they only were to be compared [SA2]', async () => {
    await bridge.scim('patch', `/Groups/${crew}`, addBob());
    bridge.sandbox.removeMember(crew, bob);
    bridge.sandbox.takeCalls();
    bridge.sandbox.faults.next({ path: /memberof/, status: 404 });

    expect((await bridge.scim('patch', `/Groups/${crew}`, addBob())).status).toBe(204);

    expect(operations(bridge.sandbox)).toEqual(['confluence.listMemberships', 'confluence.addMember']);
    expect(bridge.sandbox.membersOf(crew)).toContain(bob);
  });
});

describe('a PATCH of a group that asks for nothing Confluence has', () => {
  const others = patch({ op: 'replace', path: 'urn:x:1.0:y:z', value: 'x' });

  it('is 501 and names it, without any upstream call [US11]', async () => {
    const reply = await bridge.scim('patch', `/Groups/${crew}`, others);

    expectScimError(reply, 501);
    expect(reply.body).toMatchObject({ detail: expect.stringContaining('urn:x:1.0:y:z') });
    expect(operations(bridge.sandbox)).toEqual([]);
  });

  it('is 404 first when nobody has the group [US11]', async () => {
    expectScimError(await bridge.scim('patch', '/Groups/unknown', others), 404);
    expectScimError(
      await bridge.scim('patch', '/Groups/unknown', patch({ op: 'replace', path: 'id', value: 'x' })),
      404,
    );
  });

  it('is carried out where it asks for something else, too [US11]', async () => {
    const both = patch(
      { op: 'replace', path: 'urn:x:1.0:y:z', value: 'x' },
      { op: 'remove', path: `members[value eq "${ada}"]` },
    );

    expect((await bridge.scim('patch', `/Groups/${crew}`, both)).status).toBe(204);
    expect(bridge.sandbox.membersOf(crew)).toEqual([]);
  });
});
