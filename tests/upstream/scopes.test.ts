import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { SCOPED_OPERATIONS, SCOPES, type ScopedOperation, type Scopes } from '../../src/atlassian/scopes.js';
import { allows } from '../../src/sandbox/scopes.js';
import { declaredOperations } from './client.js';
import { readDocument } from './document.js';

const BACK_ENDS = ['organization', 'jira', 'invite'] as const;
const TABLE: readonly (readonly [string, Scopes])[] = Object.entries(SCOPES);

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** As `openapi/upstream.yaml` has them: where there is no classic scope, Atlassian calls the granular ones current. */
function documented(): readonly (readonly [string, Scopes])[] {
  return readDocument(parse(read('openapi/upstream.yaml'))).operations.flatMap(({ id, place }) => {
    const current = (place.at('security')?.children() ?? []).flatMap((one) => one.texts('scopedToken'));
    if (current.length === 0) return [];
    const granular = place.texts('x-granular-scopes');
    const scopes = granular.length === 0 ? { classic: [], granular: current } : { classic: current, granular };
    return [[id, scopes] as const];
  });
}

const families = ({ classic, granular }: Scopes): readonly (readonly string[])[] =>
  [classic, granular].filter(({ length }) => length > 0);

describe('the scopes of an operation', () => {
  it('are those of the description of what the bridge calls', () => {
    expect(Object.fromEntries(TABLE)).toEqual(Object.fromEntries(documented()));
  });

  it('are named to the operator wherever the operation is refused', () => {
    const advice = new Map(declaredOperations().map(({ name, remedy }) => [name, remedy]));
    const silent = TABLE.flatMap(([operation, { classic, granular }]) =>
      [...classic, ...granular].filter((scope) => advice.get(operation)?.includes(scope) !== true),
    );
    expect(silent).toEqual([]);
  });

  it.each(TABLE)('are what the sandbox asks for, too: %s', (operation, scopes) => {
    for (const family of families(scopes)) {
      expect(allows(family, operation)).toBe(true);
      for (const left of family) {
        const others = family.filter((scope) => scope !== left);
        expect(allows(others, operation)).toBe(false);
      }
    }
  });

  it('belong to operations that some back end needs', () => {
    const needed = new Set(BACK_ENDS.flatMap((backEnd) => SCOPED_OPERATIONS[backEnd]));
    expect([...needed].sort()).toEqual(Object.keys(SCOPES).sort());
  });
});

describe('README', () => {
  it('lists what to tick for a token with scopes, by back end', () => {
    const [, part = ''] = /<!-- scopes:begin -->\n([^]*)<!-- scopes:end -->/.exec(read('README.md')) ?? [];
    expect(part.trim()).toBe(tableToTick().trim());
  });
});

/** One row for each scope to tick: the classic ones, and the granular where Atlassian has no other. */
function tableToTick(): string {
  const rows = new Map<string, { readonly instead: Set<string>; readonly operations: ScopedOperation[] }>();
  for (const operation of Object.keys(SCOPES) as ScopedOperation[]) {
    const { classic, granular }: Scopes = SCOPES[operation];
    for (const scope of classic.length > 0 ? classic : granular) {
      const row = rows.get(scope) ?? { instead: new Set<string>(), operations: [] };
      rows.set(scope, row);
      row.operations.push(operation);
      if (classic.length > 0) granular.forEach((one) => row.instead.add(one));
    }
  }
  const code = (texts: Iterable<string>): string => [...texts].map((text) => `\`${text}\``).join(', ');
  const lines = [...rows].map(([scope, { instead, operations }]) => {
    const backEnds = BACK_ENDS.filter((one) => operations.some((name) => SCOPED_OPERATIONS[one].includes(name)));
    const where = backEnds.length === BACK_ENDS.length ? 'every' : code(backEnds);
    return `| \`${scope}\` | ${code(instead)} | ${operations.join(', ')} | ${where} |`;
  });
  return ['| tick | or all of these instead | for | back end |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
