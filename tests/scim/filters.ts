import fc from 'fast-check';
import type { AttributePath } from '../../src/scim/attributes.js';
import { parseAttributePath } from '../../src/scim/attributes.js';
import type { Filter } from '../../src/scim/filter.js';

/** A filter in SCIM's grammar; reading it gives the filter again. */
export function print(filter: Filter): string {
  switch (filter.kind) {
    case 'compare':
      return `${filter.path.text} ${filter.op} ${JSON.stringify(filter.value)}`;
    case 'present':
      return `${filter.path.text} pr`;
    case 'values':
      return `${filter.path.text}[${print(filter.filter)}]`;
    case 'not':
      return `not (${print(filter.term)})`;
    case 'and':
    case 'or':
      return filter.terms.map((term) => printOperand(term, filter.kind)).join(` ${filter.kind} `);
  }
}

/** With no more parentheses than precedence needs, so that reading it back depends on precedence. */
function printOperand(term: Filter, joinedBy: 'and' | 'or'): string {
  const needsNone = joinedBy === 'or' && term.kind === 'and';
  return needsNone || (term.kind !== 'and' && term.kind !== 'or') ? print(term) : `(${print(term)})`;
}

/** How many comparisons a filter makes. */
export function countTerms(filter: Filter): number {
  switch (filter.kind) {
    case 'compare':
    case 'present':
      return 1;
    case 'values':
      return countTerms(filter.filter);
    case 'not':
      return countTerms(filter.term);
    case 'and':
    case 'or':
      return filter.terms.reduce((sum, term) => sum + countTerms(term), 0);
  }
}

export function pathOf(text: string): AttributePath {
  const path = parseAttributePath(text);
  if (path === undefined) throw new Error(`${text} is no attribute path`);
  return path;
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Few names and values, so that filters and people meet often. */
export const texts = fc.constantFrom('a', 'A', 'ab', 'b', '', 'true', 'a"b\\', 'é', 'rock and (roll)');
const textPaths = fc.constantFrom(
  'id',
  'externalId',
  'userName',
  'USERNAME',
  'displayName',
  'emails',
  'emails.value',
  'name.givenName',
  'members',
  'constructor',
  'urn:ietf:params:scim:schemas:core:2.0:User:userName',
  'urn:ietf:params:scim:schemas:core:2.0:Group:displayName',
  `${ENTERPRISE}:department`,
);
const stringOps = fc.constantFrom('eq' as const, 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le');
const equalities = fc.constantFrom('eq' as const, 'ne');

function comparisons(paths: fc.Arbitrary<string>): fc.Arbitrary<Filter> {
  const path = paths.map(pathOf);
  return fc.oneof(
    fc.record({ kind: fc.constant('compare' as const), path, op: stringOps, value: texts }),
    fc.record({
      kind: fc.constant('compare' as const),
      path,
      op: equalities,
      value: fc.constantFrom(null, true, 7, -1.5),
    }),
    fc.record({ kind: fc.constant('present' as const), path }),
  );
}

function connected(leaf: fc.Arbitrary<Filter>, maxDepth: number): fc.Arbitrary<Filter> {
  return fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth, depthIdentifier: fc.createDepthIdentifier() },
      leaf,
      fc.record({
        kind: fc.constantFrom('and' as const, 'or'),
        terms: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), term: tie('filter') }),
    ),
  })).filter;
}

const active = fc.record({
  kind: fc.constant('compare' as const),
  path: fc.constantFrom('active', 'Active').map(pathOf),
  op: equalities,
  value: fc.constantFrom(true, false, 'True'),
});
const valuePaths = fc.record({
  kind: fc.constant('values' as const),
  path: fc.constantFrom('emails', 'members').map(pathOf),
  filter: connected(comparisons(fc.constantFrom('value', 'type', 'display')), 1),
});

/** Filters of every shape, within the parser's limits. */
export const filters: fc.Arbitrary<Filter> = connected(fc.oneof(comparisons(textPaths), active, valuePaths), 3).filter(
  (filter) => countTerms(filter) <= 50,
);

const letters = fc.constantFrom('a', 'b');
const lookUps = fc.record({
  kind: fc.constant('compare' as const),
  path: fc.constantFrom('id', 'externalId', 'userName', 'emails', 'emails.value', 'displayName').map(pathOf),
  op: fc.constant('eq' as const),
  value: letters,
});
const emailLookUps = fc.record({
  kind: fc.constant('values' as const),
  path: fc.constant(pathOf('emails')),
  filter: connected(
    lookUps.map((term): Filter => ({ ...term, path: pathOf('value') })),
    1,
  ),
});

/** Filters that often name people, and people whom they often match. */
export const lookUpFilters: fc.Arbitrary<Filter> = connected(fc.oneof(lookUps, emailLookUps), 2);
export const namedPeople = fc.record({
  id: letters,
  externalId: letters,
  userName: letters,
  displayName: letters,
  emails: fc.array(fc.record({ value: letters }), { maxLength: 2 }),
});

const values = fc.array(fc.record({ value: texts, type: texts }, { requiredKeys: ['value'] }), { maxLength: 3 });

/** Resources with whichever attributes; not all of them make sense as a User, which no filter minds. */
export const resources = fc.record(
  {
    id: texts,
    externalId: texts,
    userName: texts,
    displayName: fc.option(texts),
    active: fc.boolean(),
    name: fc.record({ givenName: texts }, { requiredKeys: [] }),
    emails: fc.option(values),
    members: values,
    [ENTERPRISE]: fc.record({ Department: texts }),
  },
  { requiredKeys: [] },
);
