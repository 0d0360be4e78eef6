import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config.js';
import { type Attendance, createAttendance } from '../../src/instances.js';
import type { Store } from '../../src/provisioning/store.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { createHandClock, type HandClock } from '../roster/handClock.js';

const MINUTE = 60_000;

let clock: HandClock;
let store: Store;
let log: string[] = [];
const entered: Attendance[] = [];

beforeEach(async () => {
  clock = createHandClock();
  store = await openSqliteStore({ url: ':memory:', clock });
  log = [];
});
afterEach(async () => {
  for (const attendance of entered.splice(0)) await attendance.leave();
  expect(clock.sleepers).toBe(0);
  await store.close();
});

function instance(settings: Readonly<Record<string, string>> = {}, records = store): Attendance {
  const config = readConfig({
    ATLASSIAN_SITE_URL: 'https://acme.atlassian.net',
    ATLASSIAN_ADMIN_EMAIL: 'admin@acme.com',
    ATLASSIAN_API_TOKEN: 'token-of-the-admin',
    SCIM_TOKENS: 'okta:secret-of-the-provider-1',
    PUBLIC_URL: 'https://scim.acme.com',
    ...settings,
  });
  const line =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const attendance = createAttendance({
    config,
    callers: () => config.callers,
    store: records,
    clock,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
  });
  entered.push(attendance);
  return attendance;
}

it('lets instances with the same settings serve together, whatever is each one`s own [SA17]', async () => {
  await instance({ PORT: '8081', ATLASSIAN_API_TOKEN: 'old-token-of-the-admin', LOG_LEVEL: 'debug' }).enter();
  await instance({ PORT: '8082', SCIM_TOKENS: 'okta:another-secret-of-okta' }).enter();

  expect(await store.instances.list()).toHaveLength(2);
  expect(log).toEqual([]);
});

it.each([
  ['MODE', { MODE: 'observe' }],
  ['ATLASSIAN_SITE_URL', { ATLASSIAN_SITE_URL: 'https://other.atlassian.net' }],
])('does not start an instance with another %s than one that serves [SA17]', async (name, settings) => {
  const first = instance();
  await first.enter();

  await expect(instance(settings).enter()).rejects.toMatchObject({
    exitCode: 78,
    message: expect.stringContaining(name),
  });
  expect(await store.instances.list()).toHaveLength(1);

  await first.leave();
  await instance(settings).enter();
});

it('forgets an instance that was killed after a minute, and none that goes on serving [SA17]', async () => {
  await instance().enter();
  await store.instances.put({ id: 'killed', settings: { MODE: 'of-another-kind' }, seenAtMs: clock.now() });
  await expect(instance().enter()).rejects.toMatchObject({ exitCode: 78 });

  await clock.advance(MINUTE + 1);
  await instance().enter();
  await clock.advance(60 * MINUTE);
  expect(await store.instances.list()).toHaveLength(2);
});

it('names settings that should agree in a warning, until they do [SA17]', async () => {
  const old = instance({ ADOPT_GROUPS: 'team-*', SEAT_LIMIT: '20' });
  await old.enter();
  await instance({ ADOPT_GROUPS: 'team-*,Marketing', SEAT_LIMIT: '20' }).enter();
  expect(log).toEqual([expect.stringMatching(/^warn .*"ADOPT_GROUPS"\]/)]);

  // The older one hears of it with its next beat, and says it once.
  await clock.advance(MINUTE);
  expect(log).toHaveLength(2);

  await old.leave();
  await instance({ ADOPT_GROUPS: 'team-*,Marketing', SEAT_LIMIT: '20' }).enter();
  await clock.advance(MINUTE);
  expect(log.slice(2)).toEqual([expect.stringMatching(/^info .*same settings again/)]);
});

it('keeps no address in the store, only whether values are equal [SA17]', async () => {
  await instance({ PROTECTED_USERS: 'ceo@acme.com' }).enter();
  expect(JSON.stringify(await store.instances.list())).not.toMatch(/acme|okta/);
});

it('goes on when the store does not answer for a while, and is there again afterwards [SA17]', async () => {
  let isAway = false;
  const answering = store;
  const flaky: Store = {
    ...store,
    transaction: (work) => (isAway ? Promise.reject(new Error('away')) : answering.transaction(work)),
  };
  await instance({}, flaky).enter();
  isAway = true;
  await clock.advance(MINUTE);
  expect(log[0]).toMatch(/^warn /);
  isAway = false;
  await store.instances.prune(clock.now());
  expect(await store.instances.list()).toEqual([]);

  await clock.advance(MINUTE);
  expect(await store.instances.list()).toHaveLength(1);
});
