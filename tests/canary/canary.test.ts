import { describe, expect, it } from '@jest/globals';
import { secretsOf } from '../../src/config.js';
import { createLogger } from '../../src/observability/logger.js';
import { captureLines } from '../observability/lines.js';
import { startTestBridge } from '../support/bridge.js';
import { createHastyClock } from '../scim/exchanges.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { ECHOES, startEchoingSite } from './echo.js';
import { live, speaker } from './life.js';
import { findMarks, GROUP_NAME, PERSON, SECRETS, WORD } from './marks.js';

const ALL_SECRETS = Object.values(SECRETS);

describe('the search for marks', () => {
  const inside = (text: string): string => `{"a":"before ${text} behind"}`;

  it.each([
    ['as it is', SECRETS.apiToken],
    ['in a URL', encodeURIComponent(SECRETS.apiToken)],
    ['in JSON, and JSON in JSON', JSON.stringify(JSON.stringify({ token: SECRETS.apiToken }))],
    ['in hexadecimal', Buffer.from(SECRETS.apiToken).toString('hex')],
    ['in base64', Buffer.from(SECRETS.apiToken).toString('base64')],
    ['in base64 behind a name', Buffer.from(`admin@example.com:${SECRETS.apiToken}`).toString('base64')],
    ['in base64 behind another', Buffer.from(`admins@example.com:${SECRETS.apiToken}`).toString('base64url')],
    ['as a name in capitals', PERSON.displayName.toUpperCase()],
    ['as a part of an address', PERSON.userName.slice(0, 10)],
  ])('finds one %s', (_how, text) => {
    expect(findMarks(inside(text))).toHaveLength(1);
  });

  it('finds a secret alone, and nothing where nothing is', () => {
    expect(findMarks(inside(encodeURIComponent(SECRETS.okta)), [SECRETS.okta])).toHaveLength(1);
    expect(findMarks(inside(Buffer.from(`x:${SECRETS.okta}`).toString('base64')), [SECRETS.okta])).toHaveLength(1);
    expect(findMarks(inside(PERSON.userName), [SECRETS.okta])).toEqual([]);
    expect(findMarks(inside('nothing of interest'))).toEqual([]);
  });
});

describe('a life with marks in every place, at an Atlassian that repeats all it is sent', () => {
  it('leaves none of them in a log, a metric or the health, and no secret in any answer [SA7] [SA19]', async () => {
    const sandbox = await startSandbox({ jira: false });
    Object.assign(sandbox.credentials, { apiToken: SECRETS.apiToken, orgApiKey: SECRETS.orgApiKey });
    const site = await startEchoingSite(sandbox.url);
    const clock = createHastyClock();
    const bridge = await startTestBridge({
      site: { ...sandbox, url: site.url },
      clock,
      settings: { SCIM_TOKENS: `okta:${SECRETS.okta},entra:${SECRETS.entra}`, REQUEST_BUDGET_SECONDS: '2' },
    });
    try {
      const heard = await live(bridge.url, site, () => clock.advance(60_000), ECHOES.length);
      const pages = [
        await speaker(bridge.url, 'okta')('GET', '/metrics'),
        ...(await Promise.all(['/healthz', '/readyz'].map((path) => speaker(bridge.url, undefined)('GET', path)))),
      ];

      expect(site.echoed()).toBeGreaterThan(100);
      expect(site.wasFollowed()).toBe(false);
      expect(bridge.logs.length).toBeGreaterThan(100);
      for (const format of ['json', 'pretty'] as const) {
        const lines = captureLines();
        const logger = createLogger({
          level: 'debug',
          format,
          secrets: secretsOf(bridge.config),
          stream: lines.stream,
        });
        for (const { level, message, fields } of bridge.logs) logger[level as 'info'](message, fields);
        await new Promise((resolve) => setImmediate(resolve));
        expect(findMarks(lines.text(), [WORD, GROUP_NAME])).toEqual([]);

        logger.warn('This line would be found', { note: PERSON.displayName });
        await new Promise((resolve) => setImmediate(resolve));
        expect(findMarks(lines.text())).not.toEqual([]);
      }
      expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(pages.flatMap(({ text }) => findMarks(text, [WORD, GROUP_NAME]))).toEqual([]);

      // As it was handed to the logger: what it takes out is the last line of defence.
      expect(findMarks(JSON.stringify(bridge.logs, withErrors), [WORD, GROUP_NAME])).toEqual([]);

      expect(heard.flatMap(({ text }) => findMarks(text, ALL_SECRETS))).toEqual([]);
      const failed = heard.filter(({ status }) => status >= 400);
      expect(new Set(failed.map(({ status }) => status)).size).toBeGreaterThan(6);
      // What is told of somebody to others than who said it, and to anybody when it was Atlassian's to answer.
      const toOthers = failed.filter(({ caller, status }) => caller !== 'okta' || status >= 500);
      expect(toOthers.flatMap(({ text }) => findMarks(text))).toEqual([]);
    } finally {
      await bridge.close();
      await site.close();
      await sandbox.close();
    }
  }, 120_000);
});

function withErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const fields: object = value;
  return { ...fields, name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}
