import { describe, expect, it } from '@jest/globals';
import { expectScimError, operations } from '../support/bridge.js';
import { patch, PATCH_URN } from '../scim/exchanges.js';
import { type Created, sharedSite } from './site.js';

type Refusal = readonly [what: string, message: unknown, status: number, scimType?: string];

const TITLE = { op: 'replace', path: 'title', value: 'Countess' };

/** What RFC 7644 §3.5.2 rules out for any resource. */
const MALFORMED: readonly Refusal[] = [
  ['no object', [TITLE], 400, 'invalidSyntax'],
  [
    'the schema of another message',
    { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: [TITLE] },
    400,
    'invalidSyntax',
  ],
  ['no Operations', { schemas: [PATCH_URN] }, 400, 'invalidSyntax'],
  ['Operations that are empty', patch(), 400, 'invalidSyntax'],
  ['Operations that are no list', { schemas: [PATCH_URN], Operations: TITLE }, 400, 'invalidSyntax'],
  ['an operation that is no object', { schemas: [PATCH_URN], Operations: ['remove'] }, 400, 'invalidSyntax'],
  ['an operation without op', patch({ path: 'title', value: 'x' }), 400, 'invalidSyntax'],
  ['an unknown op', patch({ op: 'move', path: 'title', value: 'x' }), 400, 'invalidSyntax'],
  ['a removal without path', patch({ op: 'remove', value: { title: 'x' } }), 400, 'noTarget'],
  ['a path that is no text', patch({ op: 'replace', path: ['title'], value: 'x' }), 400, 'invalidPath'],
  ['a path of two attributes', patch({ op: 'replace', path: 'title displayName', value: 'x' }), 400, 'invalidPath'],
  ['a path that ends early', patch({ op: 'replace', path: 'name.', value: 'x' }), 400, 'invalidPath'],
  ['a filter that does not close', patch({ op: 'remove', path: 'emails[type eq "work"' }), 400, 'invalidFilter'],
  ['an unknown operator', patch({ op: 'remove', path: 'emails[type is "work"]' }), 400, 'invalidFilter'],
  ['neither path nor object', patch({ op: 'replace', value: 'x' }), 400, 'invalidValue'],
];

const OF_A_USER: readonly Refusal[] = [
  ['no schemas', { Operations: [TITLE] }, 400, 'invalidSyntax'],
  ['no value', patch({ op: 'add', path: 'title' }), 400, 'invalidValue'],
  [
    'a value path without match (RFC7644-3.5.2.3-L2396)',
    patch({ op: 'replace', path: 'emails[type eq "fax"].value', value: 'x' }),
    400,
    'noTarget',
  ],
  ['a removal without match', patch({ op: 'remove', path: 'emails[type eq "fax"]' }), 400, 'noTarget'],
  ['a part of a text', patch({ op: 'replace', path: 'title.value', value: 'x' }), 400, 'invalidPath'],
  ['a part of userName', patch({ op: 'replace', path: 'userName.value', value: 'x' }), 400, 'invalidPath'],
  ['another id (RFC7644-3.5.2-L1888)', patch({ op: 'replace', path: 'id', value: 'x' }), 400, 'mutability'],
  ['no id', patch({ op: 'remove', path: 'id' }), 400, 'mutability'],
  ['meta', patch({ op: 'replace', path: 'meta', value: { version: 'W/"1"' } }), 400, 'mutability'],
  ['meta.created', patch({ op: 'replace', path: 'meta.created', value: '1999-01-01T00:00:00Z' }), 400, 'mutability'],
  ['groups', patch({ op: 'add', path: 'groups', value: [{ value: 'x' }] }), 400, 'mutability'],
  ['no groups (RFC7644-3.5.2.2-L2167)', patch({ op: 'remove', path: 'groups' }), 400, 'mutability'],
  ['no userName (RFC7644-3.5.2.2-L2167)', patch({ op: 'remove', path: 'userName' }), 400, 'mutability'],
  ['a blank userName', patch({ op: 'replace', path: 'userName', value: ' ' }), 400, 'mutability'],
  ['no active', patch({ op: 'remove', path: 'active' }), 400, 'mutability'],
  ['no schemas of the resource', patch({ op: 'remove', path: 'schemas' }), 400, 'mutability'],
  ['an active that is neither', patch({ op: 'replace', path: 'active', value: 'maybe' }), 400, 'invalidValue'],
  ['a value of the wrong type', patch({ op: 'replace', path: 'title', value: { a: 1 } }), 400, 'invalidValue'],
  ['an externalId of the wrong type', patch({ op: 'add', path: 'externalId', value: [1, 2] }), 400, 'invalidValue'],
  ['a password', patch({ op: 'replace', path: 'password', value: 'Secret-1' }), 501],
  ['a profile', patch(TITLE), 501],
  ['a profile without path', patch({ op: 'replace', value: { title: 'Countess', externalId: 'y' } }), 501],
];

const OF_A_GROUP: readonly Refusal[] = [
  ['no displayName', patch({ op: 'remove', path: 'displayName' }), 400, 'mutability'],
  ['a blank displayName', patch({ op: 'replace', path: 'displayName', value: '' }), 400, 'invalidValue'],
  [
    'a displayName too long',
    patch({ op: 'replace', path: 'displayName', value: 'x'.repeat(256) }),
    400,
    'invalidValue',
  ],
  ['a displayName of two lines', patch({ op: 'replace', path: 'displayName', value: 'a\nb' }), 400, 'invalidValue'],
  ['another id', patch({ op: 'replace', path: 'id', value: 'x' }), 400, 'mutability'],
  ['meta', patch({ op: 'remove', path: 'meta' }), 400, 'mutability'],
  ['no value', patch({ op: 'add', path: 'members' }), 400, 'invalidValue'],
  ['members that are no list', patch({ op: 'add', path: 'members', value: 7 }), 400, 'invalidValue'],
  [
    'a member without value',
    patch({ op: 'replace', path: 'members', value: [{ display: 'Ada' }] }),
    400,
    'invalidValue',
  ],
  ['a member nobody is', patch({ op: 'add', path: 'members', value: [{ value: 'nobody' }] }), 400, 'invalidValue'],
  [
    'a group as member',
    patch({ op: 'add', path: 'members', value: [{ value: 'g', type: 'Group' }] }),
    400,
    'invalidValue',
  ],
  [
    'the value of a member',
    patch({ op: 'replace', path: 'members[type eq "User"].value', value: 'x' }),
    400,
    'mutability',
  ],
  ['a filter to replace by', patch({ op: 'replace', path: 'members[value eq "x"]', value: {} }), 400, 'invalidPath'],
  ['what groups have not', patch({ op: 'replace', path: 'description', value: 'x' }), 501],
];

describe('a PATCH that is refused', () => {
  const site = sharedSite();

  /** Refused as said, without an upstream write, and everything is as it was: answer, times, record and memberships. */
  async function expectRefusal(resource: Created, [, message, status, scimType]: Refusal): Promise<void> {
    const before = await site.stateOf(resource);
    site.bridge.clock.advance(5_000);
    site.bridge.sandbox.takeCalls();

    expectScimError(await site.scim('patch', resource.path, message), status, scimType);

    expect(operations(site.bridge.sandbox, 'writes')).toEqual([]);
    expect(await site.stateOf(resource)).toEqual(before);
  }

  it.each(MALFORMED)('RFC 7644 §3.5.2: for %s changes neither User nor Group', async (...refusal) => {
    await expectRefusal(await site.createUser({ externalId: 'x', title: 'Dr' }), refusal);
    await expectRefusal(await site.createGroup({ externalId: 'x' }), refusal);
  });

  it.each(OF_A_USER)('RFC 7644 §3.5.2: for %s changes nothing of a User', async (...refusal) => {
    await expectRefusal(await site.createUser({ externalId: 'x', title: 'Dr' }), refusal);
  });

  it.each(OF_A_GROUP)('RFC 7644 §3.5.2: for %s changes nothing of a Group', async (...refusal) => {
    const { id } = await site.createUser();
    await expectRefusal(await site.createGroup({ externalId: 'x', members: [{ value: id }] }), refusal);
  });

  it('RFC 7644 §3.5.2: of a resource nobody has is 404, whatever else is wrong with it, unless it is malformed', async () => {
    for (const path of ['/Users/712020:nobody', '/Groups/0f0f0f0f-nobody']) {
      for (const operation of [TITLE, { op: 'replace', path: 'id', value: 'x' }, { op: 'remove', path: 'members' }]) {
        expectScimError(await site.scim('patch', path, patch(operation)), 404);
      }
      expectScimError(await site.scim('patch', path, patch()), 400, 'invalidSyntax');
    }
  });

  it('RFC 7644 §3.12: names the attribute and never the value that was sent', async () => {
    const person = await site.createUser();
    const secret = 'Zz-unlikely-words';

    for (const operation of [
      { op: 'replace', path: 'title', value: secret },
      { op: 'replace', path: 'password', value: secret },
      { op: 'replace', path: 'id', value: secret },
      { op: 'replace', path: 'title', value: { [secret]: secret } },
    ]) {
      const reply = await site.scim('patch', person.path, patch(operation));

      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(reply.body)).toContain(operation.path);
      expect(JSON.stringify(reply.body)).not.toContain(secret);
    }
  });
});
