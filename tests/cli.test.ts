import { describe, expect, it } from '@jest/globals';
import { runCommandLine } from '../src/cli.js';
import type { Commands } from '../src/commandLine/commands.js';
import { ConfigurationError } from '../src/config.js';

/** Commands that only note what they were called with. */
async function run(args: readonly string[], overrides: Partial<Commands> = {}) {
  const calls: unknown[][] = [];
  let out = '';
  let err = '';
  const note =
    (name: string) =>
    (...values: unknown[]): Promise<void> => {
      calls.push([name, ...values]);
      return Promise.resolve();
    };
  const commands: Commands = {
    serve: note('serve'),
    demo: note('demo'),
    sandbox: note('sandbox'),
    adopt: note('adopt'),
    link: async (...values) => {
      await note('link')(...values);
      return 3;
    },
    deactivate: note('deactivate'),
    brake: note('brake'),
    transfer: note('transfer'),
    plan: note('plan'),
    applyPlanned: async (options) => {
      await note('applyPlanned')(options);
      return 3;
    },
    doctor: async (options) => {
      await note('doctor')(options);
      return 3;
    },
    writeTest: async (options) => {
      await note('writeTest')(options);
      return 3;
    },
    why: async (question, options) => {
      await note('why')(question, options);
      return 75;
    },
    drift: async (options) => {
      await note('drift')(options);
      return 75;
    },
    auditExport: note('auditExport'),
    ...overrides,
  };
  const output = { out: (text: string) => (out += text), err: (text: string) => (err += text) };
  const code = await runCommandLine(args, commands, output);
  return { code, calls, out, err };
}

describe('the command line', () => {
  it.each([
    [[], [['serve']]],
    [['serve'], [['serve']]],
    [['demo'], [['demo', { keep: false, full: false }]]],
    [['demo', '--keep'], [['demo', { keep: true, full: false }]]],
    [['demo', '--full'], [['demo', { keep: false, full: true }]]],
    [['sandbox'], [['sandbox']]],
    [['deactivate', 'ada@acme.com'], [['deactivate', 'ada@acme.com']]],
    [['plan'], [['plan', { json: false }]]],
    [['plan', '--json'], [['plan', { json: true }]]],
    [['brake'], [['brake', 'status', {}]]],
    [['brake', 'status'], [['brake', 'status', {}]]],
    [['brake', 'release'], [['brake', 'release', {}]]],
    [['brake', 'release', '--for', '1h'], [['brake', 'release', { for: '1h' }]]],
    [['brake', '--for', '1h'], [['brake', 'release', { for: '1h' }]]],
    [['transfer', 'ada@acme.com', 'entra'], [['transfer', { person: 'ada@acme.com' }, 'entra']]],
    [['transfer', '--group', 'Ops', 'entra'], [['transfer', { group: 'Ops' }, 'entra']]],
    [['transfer', 'entra', '--group', 'Ops'], [['transfer', { group: 'Ops' }, 'entra']]],
  ])('%j runs that command', async (args, expected) => {
    expect(await run(args)).toEqual({ code: 0, calls: expected, out: '', err: '' });
  });

  it('adopts nobody, and shows what will be adopted [ID7]', async () => {
    expect(await run(['adopt', '--dry-run'])).toMatchObject({
      code: 0,
      calls: [['adopt', undefined, { json: false }]],
    });
    expect(await run(['adopt', '--dry-run', '-', '--json'])).toMatchObject({ calls: [['adopt', '-', { json: true }]] });
    expect(await run(['adopt', 'people.txt'])).toMatchObject({
      code: 64,
      calls: [],
      err: expect.stringMatching(/^People and groups are adopted when the identity provider first sends them/),
    });
  });

  it('links with what the operator says beyond the evidence, and passes the exit code on [ID7]', async () => {
    const unsaid = { addressDiffers: false, staleInvitation: false, merged: false, recycled: false, yes: false };
    const line = ['link', 'ada@acme.com', '712020:1'];
    expect(await run(line)).toMatchObject({ code: 3, calls: [['link', 'ada@acme.com', '712020:1', unsaid]] });
    expect(await run([...line, '--merged', '--address-differs', '--stale-invitation', '--yes'])).toMatchObject({
      calls: [
        [
          'link',
          'ada@acme.com',
          '712020:1',
          { addressDiffers: true, staleInvitation: true, merged: true, recycled: false, yes: true },
        ],
      ],
    });
    expect(await run([...line, '--merged', '--recycled'])).toMatchObject({ code: 64, calls: [] });
  });

  it('passes the exit code of doctor on', async () => {
    expect(await run(['doctor'])).toMatchObject({ code: 3, calls: [['doctor', { json: false }]] });
    expect(await run(['doctor', '--json'])).toMatchObject({ code: 3, calls: [['doctor', { json: true }]] });
  });

  it('runs the write test of doctor with what it needs, and passes its exit code on', async () => {
    expect(await run(['doctor', '--write-test', '--site', 'acme.atlassian.net'])).toMatchObject({
      code: 3,
      calls: [['writeTest', { site: 'acme.atlassian.net', person: undefined, yes: false, json: false }]],
    });
    const all = ['--site', 'acme.atlassian.net', '--person', 'test@acme.com', '--yes', '--json'];
    expect(await run(['doctor', '--write-test', ...all])).toMatchObject({
      calls: [['writeTest', { site: 'acme.atlassian.net', person: 'test@acme.com', yes: true, json: true }]],
    });
  });

  it.each([
    [['--write-test', '--yes'], '--site acme.atlassian.net'],
    [['--site', 'acme.atlassian.net'], 'belong to --write-test'],
    [['--yes'], 'belong to --write-test'],
    [['--write-test', '--site', 'acme.atlassian.net', '--person', 'ada'], 'e-mail address'],
  ])('doctor %j is refused, and ends with 64', async (args, words) => {
    const outcome = await run(['doctor', ...args]);

    expect(outcome).toMatchObject({ code: 64, calls: [] });
    expect(outcome.err).toContain(words);
  });

  it('carries a plan out with the site that was typed, and passes the exit code on', async () => {
    const { code, calls } = await run(['plan', 'apply', '--site', 'acme.atlassian.net', '--yes']);
    expect(code).toBe(3);
    expect(calls).toEqual([['applyPlanned', { site: 'acme.atlassian.net', yes: true }]]);
    expect((await run(['plan', 'apply'])).calls).toEqual([['applyPlanned', { site: undefined, yes: false }]]);
    for (const wrong of [
      ['plan', 'apply', '--yes'],
      ['plan', 'apply', '--json'],
      ['plan', '--yes'],
      ['plan', '--site', 'acme.atlassian.net'],
      ['plan', 'drop'],
    ]) {
      expect(await run(wrong)).toMatchObject({ code: 64, calls: [] });
    }
  });

  it('asks why about one person or one group, and passes the exit code on', async () => {
    expect(await run(['why', 'ada@acme.com'])).toMatchObject({
      code: 75,
      calls: [['why', { person: 'ada@acme.com' }, { json: false }]],
    });
    expect(await run(['why', '--group', 'engineering', '--json'])).toMatchObject({
      code: 75,
      calls: [['why', { group: 'engineering' }, { json: true }]],
    });
  });

  it('compares, or repairs what is asked for by name, and passes the exit code on [SA15]', async () => {
    const asked = async (...args: string[]) => (await run(['drift', ...args])).calls;
    expect(await run(['drift', '--json'])).toMatchObject({
      code: 75,
      calls: [['drift', { json: true, repair: undefined, yes: false }]],
    });
    expect(await asked('--repair', '--yes')).toEqual([
      ['drift', { json: false, repair: ['leavers', 'owed'], yes: true }],
    ]);
    expect(await asked('--repair=lost,foreign')).toMatchObject([
      ['drift', { repair: ['lost', 'foreign'], yes: false }],
    ]);
    expect(await asked('--repair=all')).toMatchObject([
      ['drift', { repair: ['leavers', 'owed', 'lost', 'foreign', 'missing'] }],
    ]);
  });

  it.each([[['drift', '--yes']], [['drift', '--repair=everybody']], [['drift', '--json', '--repair']]])(
    'does not carry out %j',
    async (args) => {
      expect(await run(args)).toMatchObject({ code: 64, calls: [] });
    },
  );

  it.each([[['why']], [['why', 'ada@acme.com', '--group', 'engineering']]])(
    '%j is neither, and ends with 64',
    async (args) => {
      expect(await run(args)).toMatchObject({
        code: 64,
        calls: [],
        err: expect.stringContaining('one person') as unknown,
      });
    },
  );

  it('exports the audit since a time, in a format', async () => {
    expect((await run(['audit', 'export'])).calls).toEqual([['auditExport', undefined, 'jsonl']]);
    expect((await run(['audit', 'export', '--since', '2026-07-01', '--format', 'csv'])).calls).toEqual([
      ['auditExport', '2026-07-01T00:00:00.000Z', 'csv'],
    ]);
  });

  it.each([[['--since', 'yesterday']], [['--format', 'xml']]])('audit export %j ends with 64', async (options) => {
    expect(await run(['audit', 'export', ...options])).toMatchObject({ code: 64, calls: [] });
  });

  it.each([['help'], ['--help'], ['-h']])('%s explains every command and ends well', async (word) => {
    const { code, calls, out, err } = await run([word]);
    expect({ code, calls, err }).toEqual({ code: 0, calls: [], err: '' });
    for (const name of [
      'serve',
      'demo',
      'sandbox',
      'doctor',
      'link',
      'deactivate',
      'brake',
      'transfer',
      'why',
      'audit',
      'drift',
      'help',
    ])
      expect(out).toMatch(new RegExp(`^ +${name}`, 'm'));
    expect(out).toContain('78 the configuration');
  });

  it('helps with one command', async () => {
    expect((await run(['help', 'link'])).out).toContain('<email> <account>');
  });

  it.each([
    [['sevre'], 'There is no command "sevre". Did you mean serve?'],
    [['Doctr', '--json'], 'unknown option'],
    [['doctr'], 'Did you mean doctor?'],
    [
      ['provision'],
      'There are serve, demo, sandbox, doctor, adopt, link, deactivate, brake, transfer, plan, why, audit, drift and help.',
    ],
    [['serve', 'now'], 'too many arguments'],
    [['transfer', 'ada@acme.com'], 'one person and one caller'],
    [['transfer', '--group', 'Ops', 'okta', 'entra'], 'with --group one caller'],
    [['link', 'ada@acme.com'], "missing required argument 'account'"],
    [['brake', 'off'], 'Allowed choices are status, release'],
    [['brake', 'status', '--for', '1h'], '--for belongs to release'],
    [['--port', '80'], "unknown option '--port'"],
  ])('%j is refused with a hint and runs nothing', async (args, hint) => {
    const { code, calls, out, err } = await run(args);
    expect({ code, calls, out }).toEqual({ code: 64, calls: [], out: '' });
    expect(err).toContain(hint);
    expect(err).toContain('confluence-scim-bridge help');
  });

  it('prints the problems of a configuration and exits 78', async () => {
    const problem = { setting: 'PORT', problem: 'must be a number', example: '8080' };
    const serve = () => Promise.reject(new ConfigurationError([problem]));
    expect(await run([], { serve })).toMatchObject({
      code: 78,
      err: 'The configuration has a problem:\n  PORT must be a number. Example: PORT=8080\n',
    });
  });

  it('prints a bug without the personal data and the secrets an error may carry [SA7]', async () => {
    const bug = Object.assign(new TypeError('no account for ada@acme.com'), {
      config: { headers: { Authorization: 'Basic YWRhQGFjbWUuY29tOnNlY3JldA==' } },
    });
    const { code, err } = await run(['demo'], { demo: () => Promise.reject(bug) });
    expect(code).toBe(1);
    expect(err).toContain('TypeError');
    expect(err).not.toMatch(/ada@|YWRh/);
  });
});
