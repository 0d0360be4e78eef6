import fc from 'fast-check';
import { GROUP_URN, PATCH_URN, SEARCH_URN, USER_URN } from '../scim/exchanges.js';

/** Texts that have broken something somewhere. */
export const NASTY_TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u202eresu',
  'a\r\nX-Injected: yes',
  '%00',
  '%0d%0aX-Injected:%20yes',
  '..%2f..%2fadmin',
  '%252e%252e%252f',
  '../../etc/passwd',
  '..',
  '__proto__',
  'constructor',
  'prototype',
  'constructor.prototype.x',
  '__proto__.x',
  'toString',
  'hasOwnProperty',
  "' or 1=1 --",
  '"; drop table people; --',
  '" or id pr or id eq "',
  '${7*7}{{7*7}}',
  '\u001b[31m',
  '*',
  '<script>',
  'NaN',
  '1e999',
  '-9223372036854775809',
  '9'.repeat(400),
  'x'.repeat(300),
  '😀'.repeat(200),
  '('.repeat(300),
  '['.repeat(300),
  '\\'.repeat(33),
];

const ATTRIBUTES = [
  'userName',
  'externalId',
  'active',
  'id',
  'meta',
  'groups',
  'members',
  'displayName',
  'name',
  'name.familyName',
  'emails',
  'emails.value',
  'emails[type eq "work"].value',
  'members[value eq "x"]',
  'password',
  'title',
  'schemas',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  USER_URN,
  `${USER_URN}:active`,
  'Operations',
];

const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NASTY_TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  fc.constantFrom('ada@example.com', 'True', 'false', 'crew', 'x@example.com'),
);
const key = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ATTRIBUTES) }, text);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-1, 0, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, -0),
);

/** Values of every type in every place, with names that mean something and names that reach for a prototype. */
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.boolean(),
    number,
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
})).value;

const extra = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: false });

const userBody = fc
  .record(
    { userName: fc.oneof(text, value), externalId: value, active: value, name: value, emails: value, groups: value },
    { requiredKeys: [] },
  )
  .chain((body) => extra.map((more) => ({ schemas: [USER_URN], ...body, ...more })));

const groupBody = fc
  .record({ displayName: fc.oneof(text, value), externalId: value, members: value }, { requiredKeys: [] })
  .chain((body) => extra.map((more) => ({ schemas: [GROUP_URN], ...body, ...more })));

const operation = fc.record(
  { op: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('add', 'Replace', 'remove') }, value), path: key, value },
  { requiredKeys: ['op'] },
);
const patchBody = fc
  .array(fc.oneof({ weight: 8, arbitrary: operation }, value), { maxLength: 5 })
  .map((Operations) => ({ schemas: [PATCH_URN], Operations }));

const token = fc.oneof(
  fc.constantFrom(
    'eq',
    'ne',
    'co',
    'sw',
    'pr',
    'and',
    'or',
    'not',
    '(',
    ')',
    '[',
    ']',
    '"',
    '"a"',
    'null',
    '-1e9',
    ' ',
  ),
  key,
  text.map((content) => JSON.stringify(content)),
);
const filter = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(' '));

const searchBody = fc
  .record(
    { filter: fc.oneof(filter, value), startIndex: value, count: value, attributes: value, excludedAttributes: value },
    { requiredKeys: [] },
  )
  .map((body) => ({ schemas: [SEARCH_URN], ...body }));

/** One request as bytes, but for what every request carries. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  /** Lines that come after the usual ones. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

function encoded(content: string): string {
  return encodeURIComponent(content.replace(/\p{Surrogate}/gu, '\ufffd'));
}

const pathSegment = fc.oneof(
  text.map((id) => encoded(id)),
  // As it is: half encoded, encoded twice, with what belongs into no path.
  text.map((id) => id.replace(/[\s\p{C}]/gu, '')),
  fc.constantFrom('%', '%ff', '%c0%ae', '%2e%2e', ';x', 'a%2Fb'),
);

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'filter',
        'count',
        'startIndex',
        'attributes',
        'excludedAttributes',
        'sortBy',
        '__proto__',
        'a[b]',
      ),
      fc.oneof(filter, text),
      fc.boolean(),
    ),
    { maxLength: 4 },
  )
  .map((pairs) =>
    pairs
      .map(([name, raw, isEncoded]) =>
        isEncoded ? `${name}=${encoded(raw)}` : `${name}=${raw.replace(/[\s\p{C}]/gu, '')}`,
      )
      .join('&'),
  );

/** Kept inside one line, mostly; what is not becomes a header of its own, or the end of them all. */
const header = fc
  .tuple(
    fc.constantFrom('X-Request-Id', 'If-Match', 'If-None-Match', 'Accept', 'Host', 'X-Forwarded-Host', 'Cookie', 'X-A'),
    text,
  )
  .map(([name, content]) => `${name}: ${content}`);

const bodyBytes = (body: unknown): Buffer => Buffer.from(JSON.stringify(body));

/** A body with some bytes cut out, put in or turned. */
const spoiled = (body: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> =>
  fc.tuple(body, fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 })).map(([whole, at, removed, inserted]) => {
    const bytes = bodyBytes(whole);
    const start = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
  });

const written = (body: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> =>
  fc.oneof({ weight: 4, arbitrary: body.map(bodyBytes) }, spoiled(body));

const NOTHING = Buffer.alloc(0);
const noHeaders = fc.constant<readonly string[]>([]);

/** Every kind of request, by what is hostile in it. */
export function hostileRequests(ids: { readonly person: string; readonly group: string }) {
  const at = (method: string, target: string, body: fc.Arbitrary<unknown>): fc.Arbitrary<HostileRequest> =>
    fc.record({
      method: fc.constant(method),
      target: fc.constant(target),
      headers: noHeaders,
      body: written(body),
    });
  const { person, group } = ids;
  return {
    'bodies of a User': fc.oneof(at('POST', '/Users', userBody), at('PUT', `/Users/${person}`, userBody)),
    'bodies of a Group': fc.oneof(at('POST', '/Groups', groupBody), at('PUT', `/Groups/${group}`, groupBody)),
    'PATCH messages': fc.oneof(at('PATCH', `/Users/${person}`, patchBody), at('PATCH', `/Groups/${group}`, patchBody)),
    'search requests': fc.oneof(
      at('POST', '/.search', searchBody),
      at('POST', '/Users/.search', searchBody),
      at('POST', '/Groups/.search', searchBody),
    ),
    'bodies of any shape': fc
      .constantFrom(['POST', '/Users'], ['PATCH', `/Groups/${group}`], ['POST', '/Users/.search'])
      .chain(([method = '', target = '']) => at(method, target, value)),
    'ids and addresses': fc.record({
      method: fc.constantFrom('GET', 'DELETE', 'HEAD', 'PATCH'),
      target: fc
        .tuple(fc.constantFrom('/Users/', '/Groups/', '/ResourceTypes/', '/Schemas/', '/'), pathSegment)
        .map(([path, id]) => `${path}${id}`),
      headers: noHeaders,
      body: fc.constant(NOTHING),
    }),
    'queries and filters': fc.record({
      method: fc.constant('GET'),
      target: fc
        .tuple(fc.constantFrom('/Users', '/Groups', `/Users/${person}`, '/ServiceProviderConfig'), query)
        .map(([path, text_]) => `${path}?${text_}`),
      headers: noHeaders,
      body: fc.constant(NOTHING),
    }),
    headers: fc.record({
      method: fc.constantFrom('GET', 'DELETE'),
      target: fc.constantFrom('/Users?count=1', `/Groups/nobody`, '/Users/nobody'),
      headers: fc.array(header, { maxLength: 5 }),
      body: fc.constant(NOTHING),
    }),
  };
}
