import { describe, expect, it } from '@jest/globals';
import { examine, type Check, type Finding } from '../../src/doctor/check.js';
import { toJson, toText } from '../../src/doctor/report.js';
import { Failure } from '../../src/provisioning/failure.js';
import { examineSite, startSite } from './examination.js';

function check(name: Check<null>['name'], observe: Check<null>['observe']): Check<null> {
  return { name, observe };
}

describe('examine', () => {
  it('tells a failure that several checks meet once', async () => {
    const outage = new Failure('unavailable', 'Atlassian is away. Send it again.', {
      upstream: { operation: 'confluence.listGroups', status: 503 },
    });

    const findings = await examine(
      [check('grantingGroups', () => Promise.reject(outage)), check('seats', () => Promise.reject(outage))],
      null,
    );

    expect(findings).toEqual([
      {
        check: 'grantingGroups',
        status: 'failed',
        message: 'Atlassian is away. (confluence.listGroups: status 503)',
        remedy: 'Run doctor again in a moment.',
      },
      { check: 'seats', status: 'unknown', message: 'Not checked, because of "grantingGroups".' },
    ]);
  });

  it('gives the advice of a failure that the operator can cure', async () => {
    const refusal = new Failure('misconfigured', 'The key is refused. Make a new one. Then try again.');

    const findings = await examine([check('token', () => Promise.reject(refusal))], null);

    expect(findings).toEqual([
      { check: 'token', status: 'failed', message: 'The key is refused.', remedy: 'Make a new one. Then try again.' },
    ]);
  });

  it('goes on after a check that meets a bug', async () => {
    const findings = await examine(
      [
        check('token', () => Promise.reject(new TypeError('secret detail'))),
        check('clock', () => Promise.resolve([{ status: 'ok', message: 'Right.' }])),
      ],
      null,
    );

    expect(findings.map(({ status }) => status)).toEqual(['failed', 'ok']);
    expect(JSON.stringify(findings)).not.toContain('secret detail');
  });
});

describe('the report', () => {
  const findings: readonly Finding[] = [
    { check: 'token', status: 'ok', certainty: 'proved', message: 'Accepted.' },
    { check: 'clock', status: 'warning', message: 'It is late.', remedy: 'Use NTP.' },
    { check: 'seats', status: 'unknown', message: 'Nobody tells.' },
    { check: 'records', status: 'failed', message: 'Lost.' },
  ];

  it('has a line for each finding with what to do, and the sum', () => {
    expect(toText(findings).split('\n')).toEqual([
      'ok       token            Accepted. [proved]',
      'warning  clock            It is late. Use NTP.',
      'unknown  seats            Nobody tells.',
      'failed   records          Lost.',
      '',
      '1 ok, 1 to look at, 1 unknown, 1 failed',
      '',
    ]);
  });

  it('is an array of the findings for programs', () => {
    expect(JSON.parse(toJson(findings))).toEqual(findings);
  });

  it.each(['fine', 'refused', 'without rights'])(
    'holds no secret and no address when all is %s [SA7]',
    async (state) => {
      const sandbox = await startSite({ rights: state === 'without rights' ? 'none' : 'site-admin' });
      if (state === 'refused') for (const name of ['apiToken', 'orgApiKey'] as const) sandbox.revoke(name);
      sandbox.addPerson({ email: 'ada@example.com', displayName: 'Ada Lovelace', access: true });
      const { credentials } = sandbox;

      const text = toText(await examineSite(sandbox)) + toJson(await examineSite(sandbox));

      for (const secret of [credentials.apiToken, credentials.orgApiKey, '@', 'Ada'])
        expect(text).not.toContain(secret);
    },
  );
});
