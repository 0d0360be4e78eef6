import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type OpenApiDocument } from '../support/openapi.js';
import { OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { EXEMPTIONS, isSideBySide } from './exemptions.js';
import { FAULTS, REFUSED } from './faults.js';
import { ALL_CELLS, CELLS, SCENARIOS, subjectOf } from './matrix.js';

/** Asked at the start and by `doctor`, where no identity provider waits for an answer; shown beside these. */
const NOT_ASKED_BY_REQUESTS: readonly string[] = [
  'confluence.getCurrentUser', // tests/serve.test.ts
  'jira.getMyPermissions', // tests/serve.test.ts
  'organization.listApiTokens', // tests/expiry.test.ts
];

/** Far fewer would mean that something is not played any more. */
const LEAST_CELLS = 1_700;
const LEAST_CELLS_OF_ALL = 5_200;

interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
}

function operationsOf(file: string): readonly Operation[] {
  const document = parse(readFileSync(new URL(`../../openapi/${file}`, import.meta.url), 'utf8')) as OpenApiDocument;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const { operationId: id } = (operation ?? {}) as { readonly operationId?: string };
      return id === undefined ? [] : [{ id, method: method.toUpperCase(), path }];
    }),
  );
}

const covered = new Set(ALL_CELLS.map(({ scenario }) => scenario.operation));
const called = new Set(ALL_CELLS.map(({ upstream }) => upstream));

describe('the fault matrix', () => {
  it('has cells for every upstream operation, but for those that no request makes', () => {
    const known = operationsOf('upstream.yaml').map(({ id }) => id);
    expect([...called, ...NOT_ASKED_BY_REQUESTS].sort()).toEqual([...known].sort());
  });

  it('plays every fault of every upstream operation of every SCIM operation', () => {
    expect(new Set(CELLS.map(subjectOf))).toEqual(new Set(ALL_CELLS.map(subjectOf)));
    for (const operation of called) {
      const faults = new Set(CELLS.filter(({ upstream }) => upstream === operation).map(({ fault }) => fault.name));
      expect({ operation, faults: faults.size }).toEqual({ operation, faults: FAULTS.length });
    }
  });

  it('makes no exemption for what it does not play', () => {
    const isPlayed = (name: string, operation: string): boolean =>
      ALL_CELLS.some(({ fault, upstream }) => fault.name === name && upstream === operation);
    for (const { faults, upstream } of EXEMPTIONS)
      for (const name of faults)
        for (const operation of upstream)
          expect({ name, operation, isPlayed: isPlayed(name, operation) }).toEqual({ name, operation, isPlayed: true });
  });

  it('does not shrink', () => {
    const besides = CELLS.filter((cell) => cell.fault.name === REFUSED && isSideBySide(cell));
    process.stdout.write(
      `fault matrix: ${covered.size} operations, ${SCENARIOS.length} scenarios, ${FAULTS.length} faults, ` +
        `${CELLS.length.toLocaleString('en')} of ${ALL_CELLS.length.toLocaleString('en')} cells (FAULT_MATRIX=full plays all), ` +
        `each struck where it is meant to be, ${besides.length} there or beside it\n`,
    );
    expect(CELLS.length).toBeGreaterThanOrEqual(LEAST_CELLS);
    expect(ALL_CELLS.length).toBeGreaterThanOrEqual(LEAST_CELLS_OF_ALL);
  });
});

describe('a SCIM operation without cells', () => {
  let bridge: TestBridge;
  beforeAll(async () => {
    bridge = await startTestBridge({ isShared: true });
  });
  afterAll(() => bridge.close());

  const uncovered = operationsOf('scim-bridge.yaml').filter(({ id }) => !covered.has(id));
  it.each(uncovered)('asks Atlassian nothing: $id', async ({ method, path }) => {
    const { url, sandbox } = bridge;
    sandbox.takeCalls();
    const base = /^\/(healthz|readyz|metrics)/.test(path) ? url : `${url}/scim/v2`;
    await fetch(`${base}${path.replace(/\{\w+\}/g, 'User')}`, {
      method,
      headers: { Authorization: `Bearer ${OKTA_TOKEN}` },
    });
    expect(sandbox.calls).toEqual([]);
  });
});
