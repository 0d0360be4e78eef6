import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type CheckResult, type Mode, oneLine } from './results.js';
import { environmentFor, LIMIT_MS, type Target, type Tools } from './target.js';

/** What is read of the events that schemathesis reports, one a line; there are others. */
const event = z.looseObject({
  ScenarioFinished: z
    .object({
      recorder: z.object({
        label: z.string(),
        cases: z
          .record(z.string(), z.object({ value: z.object({ method: z.string(), path: z.string() }) }))
          .default({}),
        checks: z
          .record(
            z.string(),
            z.array(
              z.object({
                name: z.string(),
                status: z.enum(['success', 'failure', 'skip']),
                failure_info: z
                  .object({ failure: z.object({ message: z.string() }), code_sample: z.string().optional() })
                  .nullish(),
              }),
            ),
          )
          .default({}),
      }),
    })
    .optional(),
  EngineFinished: z.unknown().optional(),
  NonFatalError: z.unknown().optional(),
  FatalError: z.unknown().optional(),
});

/** How a scenario about one operation is labelled. */
const OPERATION = /^[A-Z]+ \//;

/**
 * Makes schemathesis send what `openapi/scim-bridge.yaml` describes, and what it does not allow. The health addresses are
 * left out: they lie outside the SCIM base path. The modes differ in what users answer to PUT and PATCH, so that only the
 * default runs through the whole description, and the others through those, without chance.
 */
export async function checkWithSchemathesis(target: Target, mode: Mode, tools: Tools): Promise<CheckResult[]> {
  const report = join(tools.folder, 'report.ndjson');
  const finished = await tools.processes.run(
    join(tools.bin, 'schemathesis'),
    [
      ...['--config-file', join(tools.root, 'tests/compliance/schemathesis.toml')],
      ...['run', join(tools.root, 'openapi/scim-bridge.yaml'), '--url', target.url, '--exclude-tag', 'Operation'],
      ...(mode === 'put' ? [] : ['--include-path-regex', '^/Users', '--phases', 'examples,coverage']),
      ...['--no-color', '--report', 'ndjson', '--report-ndjson-path', report],
    ],
    { env: environmentFor(target), cwd: tools.folder, timeoutMs: LIMIT_MS },
  );
  const text = await readFile(report, 'utf8').catch(() => '');
  if (text === '') throw new Error(`exit ${finished.code}: ${oneLine(finished.err || finished.out)}`);
  return parseSchemathesis(text);
}

/**
 * Makes one result of all the requests in which one check looked at one operation: `POST /Users unsupported_method`.
 *
 * @param text a report in its `ndjson` format
 * @throws Error when the run broke off or met an error of its own
 */
export function parseSchemathesis(text: string): CheckResult[] {
  const results = new Map<string, CheckResult>();
  let isComplete = false;
  for (const line of text.trim().split('\n')) {
    const { ScenarioFinished, ...other } = event.parse(JSON.parse(line));
    if (other.NonFatalError !== undefined || other.FatalError !== undefined) {
      throw new Error(`schemathesis met an error: ${oneLine(line)}`);
    }
    isComplete ||= other.EngineFinished !== undefined;
    const { label = '', cases = {}, checks = {} } = ScenarioFinished?.recorder ?? {};
    for (const [id, made] of Object.entries(checks)) {
      // A chain of requests bears no operation's name; a method that is tried in vain belongs to the operation it bears.
      const request = cases[id]?.value;
      const operation = OPERATION.test(label) ? label : `${request?.method} ${request?.path}`;
      for (const { name, status, failure_info: failure } of made) {
        const check = `${operation} ${name}`;
        if (status === 'failure') {
          const detail = oneLine(`${failure?.failure.message} ${failure?.code_sample ?? ''}`);
          results.set(check, { check, outcome: 'failed', detail });
        } else if (!results.has(check)) {
          results.set(check, { check, outcome: 'passed', detail: '' });
        }
      }
    }
  }
  if (!isComplete) throw new Error('schemathesis did not come to its end');
  return [...results.values()];
}
