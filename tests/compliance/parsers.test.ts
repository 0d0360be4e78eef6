import { describe, expect, it } from '@jest/globals';
import { parseDriver, parseGoSuite, parseScenario, parseScimSanity } from '../../scripts/compliance/parsers.js';
import { pinnedVersion } from '../../scripts/compliance/python.js';
import { parseSchemathesis } from '../../scripts/compliance/schemathesis.js';

describe('what the suites print', () => {
  it('is read from scim-sanity’s JSON', () => {
    const report = {
      scim_sanity_version: '0.7.4',
      results: [
        { name: 'POST /Users', status: 'pass', phase: 'Phase 2' },
        { name: 'GET /Schemas', status: 'fail', message: 'Expected 200,\n got 501', phase: 'Phase 1' },
        { name: 'Agent CRUD Lifecycle', status: 'skip', message: 'not supported', phase: 'Phase 4' },
      ],
    };

    expect(parseScimSanity(JSON.stringify(report))).toEqual([
      { check: 'POST /Users', outcome: 'passed', detail: '' },
      { check: 'GET /Schemas', outcome: 'failed', detail: 'Expected 200, got 501' },
      { check: 'Agent CRUD Lifecycle', outcome: 'skipped', detail: 'not supported' },
    ]);
  });

  it('is numbered where a driver reports the same name again', () => {
    const result = { check: 'User object_query', outcome: 'passed', detail: '' };

    expect(parseDriver(JSON.stringify([result, result, result])).map(({ check }) => check)).toEqual([
      'User object_query',
      'User object_query #2',
      'User object_query #3',
    ]);
  });

  it('is read from a scenario, a line a check', () => {
    const lines = ['{"check":"create a user","outcome":"pass"}', '{"check":"read it","outcome":"fail","reason":"404"}'];

    expect(parseScenario(`${lines.join('\n')}\n`)).toEqual([
      { check: 'create a user', outcome: 'passed', detail: '' },
      { check: 'read it', outcome: 'failed', detail: '404' },
    ]);
  });

  it('is read from the lines of scim2/test-suite, warnings as not counted, and not from its closing list', () => {
    const text = [
      '=== RUN   TestCompliance',
      '  [PASS] RFC7643-3-L709/schemas_array_non_empty',
      '  [FAIL] RFC7644-4-L4098/schemas_endpoint',
      '         status 501, want 200',
      '         GET /Schemas',
      '  [WARN] RFC7644-3.7-L2775/returns_200',
      '         status 501, want 200',
      '  [SKIP] RFC7644-3.11-L3683/me_location_header',
      '    compliance_test.go:71: [FAIL] RFC7644-4-L4098/schemas_endpoint: status 501, want 200',
      '--- FAIL: TestCompliance (0.71s)',
      '',
    ].join('\n');

    expect(parseGoSuite(text)).toEqual([
      { check: 'RFC7643-3-L709/schemas_array_non_empty', outcome: 'passed', detail: '' },
      { check: 'RFC7644-4-L4098/schemas_endpoint', outcome: 'failed', detail: 'status 501, want 200' },
      { check: 'RFC7644-3.7-L2775/returns_200', outcome: 'skipped', detail: 'status 501, want 200' },
      { check: 'RFC7644-3.11-L3683/me_location_header', outcome: 'skipped', detail: '' },
    ]);
  });
});

describe('a report of schemathesis', () => {
  const scenario = (label: string, made: readonly object[]): string =>
    JSON.stringify({
      ScenarioFinished: {
        recorder: { label, cases: { one: { value: { method: 'GET', path: '/Users' } } }, checks: { one: made } },
      },
    });
  const success = { name: 'not_a_server_error', status: 'success' };
  const failure = {
    name: 'not_a_server_error',
    status: 'failure',
    failure_info: { failure: { message: 'Server error' }, code_sample: 'curl -X GET' },
  };
  const end = JSON.stringify({ EngineFinished: { stop_reason: 'completed' } });

  it('becomes one result for each operation and check, failed if it failed once', () => {
    const lines = [
      JSON.stringify({ EngineStarted: {} }),
      scenario('POST /Users', [success]),
      scenario('GET /Users', [failure]),
      scenario('Stateful tests', [success]),
      end,
    ];

    expect(parseSchemathesis(lines.join('\n'))).toEqual([
      { check: 'POST /Users not_a_server_error', outcome: 'passed', detail: '' },
      { check: 'GET /Users not_a_server_error', outcome: 'failed', detail: 'Server error curl -X GET' },
    ]);
  });

  it.each([
    ['was broken off', [scenario('GET /Users', [success])]],
    ['met an error of its own', [JSON.stringify({ NonFatalError: { value: 'no such schema' } }), end]],
  ])('of a run that %s is refused', (_what, lines) => {
    expect(() => parseSchemathesis(lines.join('\n'))).toThrow('schemathesis');
  });
});

describe('the pinned version of a package', () => {
  const requirements = 'scim2-models==0.12.3 \\\n    --hash=sha256:00\nscim2-tester==0.5.2 \\\n    --hash=sha256:01\n';

  it('is what requirements.txt says', () => {
    expect(pinnedVersion(requirements, 'scim2-tester')).toBe('0.5.2');
  });

  it('has to be there', () => {
    expect(() => pinnedVersion(requirements, 'scim2')).toThrow('not pinned');
  });
});
