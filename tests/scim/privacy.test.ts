import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/observability/logger.js';
import { ENTRA_TOKEN, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { createHastyClock, filtered, GROUP_URN, idOf, patch, SEARCH_URN, user } from './exchanges.js';

/** What identity providers tell of people, in words that occur nowhere else. */
const PERSONAL = [
  'Zebedee',
  'Quackenbush',
  'zebedee.quackenbush',
  'private-mail.example.org',
  'xylophonist',
  '+49-555-0199',
  'hunter2-p4ssword',
  'Hedwig',
  'hidden.hedwig@example.net',
];
/** Only an error body may repeat what its own caller sent: the name of a group, never of a person. */
const GROUP_NAME = 'Sousaphone players';

const zebedee = user('zebedee.quackenbush', {
  externalId: 'e-1',
  name: { givenName: 'Zebedee', familyName: 'Quackenbush' },
  displayName: 'Zebedee Quackenbush',
  title: 'xylophonist',
  password: 'hunter2-p4ssword',
  emails: [{ value: 'zebedee.quackenbush@private-mail.example.org', primary: true }],
  phoneNumbers: [{ value: '+49-555-0199' }],
});

/** A life with everything in it, once as it should go and once with Atlassian failing at each step. */
async function live(bridge: TestBridge): Promise<readonly string[]> {
  const { sandbox } = bridge;
  const failed: string[] = [];
  const send = async (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, body?: object) => {
    // Whatever the message meets first: a refusal that quotes values, then none.
    sandbox.faults.next({
      path: /\/(wiki|admin|rest)\//,
      times: 3,
      body: {
        message: `Zebedee Quackenbush <zebedee.quackenbush@private-mail.example.org> ${sandbox.credentials.apiToken}`,
      },
    });
    const failure = await bridge.scim(method, path, body);
    if (failure.status >= 500) failed.push(JSON.stringify(failure.body), JSON.stringify(failure.headers));
    sandbox.faults.clear();
    bridge.clock.advance(60_000);
    return bridge.scim(method, path, body);
  };

  const id = idOf(await send('post', '/Users', zebedee));
  await send('get', `/Users/${id}`);
  await send('get', filtered('/Users', 'userName eq "zebedee.quackenbush@example.com"'));
  await send('get', filtered('/Users', 'emails.value eq "hidden.hedwig@example.net"'));
  await send('get', filtered('/Users', 'displayName co "Quackenbush'));
  await send('post', '/Users/.search', { schemas: [SEARCH_URN], filter: 'displayName co "Hedwig"' });
  await send('put', `/Users/${id}`, { ...zebedee, title: 'Zebedee the xylophonist' });
  await send('patch', `/Users/${id}`, patch({ op: 'replace', path: 'name.familyName', value: 'Quackenbush-Hedwig' }));
  await send('patch', `/Users/${id}`, patch({ op: 'add', path: 'emails[value eq "Zebedee"].x', value: 'Zebedee' }));
  const groupId = idOf(
    await send('post', '/Groups', { schemas: [GROUP_URN], displayName: GROUP_NAME, members: [{ value: id }] }),
  );
  await send('patch', `/Groups/${groupId}`, patch({ op: 'remove', path: 'members', value: [{ value: id }] }));
  await send('get', '/Groups');
  await send('patch', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: 'False' }));
  await send('post', '/Users', { ...zebedee, emails: 'zebedee.quackenbush@private-mail.example.org' });
  await send('delete', `/Users/${id}`);
  sandbox.revoke('apiToken');
  await send('get', '/Users');
  await bridge.scim('get', '/Users', undefined, 'zebedee.quackenbush-hunter2-p4ssword');
  await bridge.scan().catch(() => undefined);
  return failed;
}

async function startSite(): Promise<TestBridge> {
  const people = [{ email: 'hidden.hedwig@example.net', displayName: 'Hedwig', emailVisible: false, access: true }];
  return startTestBridge({
    clock: createHastyClock(),
    sandbox: { seed: { people } },
    settings: { REQUEST_BUDGET_SECONDS: '2' },
  });
}

function secretsOf({ sandbox: { credentials } }: TestBridge): readonly string[] {
  const { adminEmail, apiToken, orgApiKey } = credentials;
  return [OKTA_TOKEN, ENTRA_TOKEN, apiToken, orgApiKey, Buffer.from(`${adminEmail}:${apiToken}`).toString('base64')];
}

function expectNone(text: string, words: readonly string[]): void {
  for (const word of words) {
    const at = text.toLowerCase().indexOf(word.toLowerCase());
    expect(at === -1 ? '' : text.slice(Math.max(0, at - 80), at + 80)).toBe('');
  }
}

describe('a life in the bridge, with failures at every step', () => {
  it('leaves no secret and nothing personal in logs, error bodies or metrics [SA7]', async () => {
    const bridge = await startSite();
    const failed = await live(bridge);
    const words = [...secretsOf(bridge), ...PERSONAL];
    const admin = bridge.sandbox.credentials.adminEmail;

    expect(failed.length).toBeGreaterThan(20);
    expectNone(failed.join('\n'), [...words, admin]);

    expect(bridge.logs.length).toBeGreaterThan(40);
    // As it was handed to the logger, before any redaction; errors with their stacks and causes.
    expectNone(bridge.logs.map((line) => JSON.stringify(line, withErrors)).join('\n'), [...words, admin, GROUP_NAME]);

    const metrics = await fetch(`${bridge.url}/metrics`, { headers: { Authorization: `Bearer ${OKTA_TOKEN}` } });
    expect(metrics.status).toBe(200);
    const health = await fetch(`${bridge.url}/healthz`);
    expectNone((await metrics.text()) + (await health.text()), [...words, admin, GROUP_NAME, '@']);
  }, 60_000);

  it('writes the same through the real logger, as one JSON object a line [SA7]', async () => {
    const bridge = await startSite();
    await live(bridge);
    const written: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger({ level: 'debug', format: 'json', secrets: secretsOf(bridge), stream });

    for (const { level, message, fields } of bridge.logs) logger[level as 'info'](message, fields);
    // Even what should never be handed over does not pass.
    logger.error('x', { error: new Error(`Bearer ${OKTA_TOKEN}`), email: 'zebedee.quackenbush@example.com' });
    await new Promise((resolve) => setImmediate(resolve));

    const lines = written.join('').trim().split('\n');
    expect(lines).toHaveLength(bridge.logs.length + 1);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expectNone(written.join(''), [...secretsOf(bridge), ...PERSONAL, GROUP_NAME, '@']);
  }, 60_000);
});

function withErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const fields: object = value;
  return { ...fields, name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}
