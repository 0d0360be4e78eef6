import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createLimiter, type Limiter } from '../../src/atlassian/limiter.js';
import { sharePause } from '../../src/atlassian/sharedPause.js';
import { Failure } from '../../src/provisioning/failure.js';
import type { PauseRecords } from '../../src/provisioning/pauseRecords.js';
import type { Store } from '../../src/provisioning/store.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { callOf, connectTo, expectFailure, SECRETS, startUpstream, testClock, type Upstream } from './upstream.js';

const UPSTREAM = { operation: 'confluence.getGroup', status: undefined };
const GET = { method: 'GET', path: '/wiki/rest/api/user/current' } as const;
const OPERATION = {
  name: 'confluence.currentUser',
  repeatability: 'read',
  credential: 'site',
  act: 'read',
  remedy: '',
  scopes: undefined,
} as const;

const clock = testClock();
let store: Store;
let upstream: Upstream;
let warnings: string[] = [];

beforeEach(async () => {
  store = await openSqliteStore({ url: ':memory:', clock });
  upstream = await startUpstream();
  warnings = [];
});
afterEach(async () => {
  await upstream.close();
  await store.close();
});

/** The limiter of one more process. */
function limiter(records: PauseRecords = store.pauses, credential = 'site'): Limiter {
  const log = { warn: (message: string) => void warnings.push(message) };
  return createLimiter({ concurrency: 2, clock, shared: sharePause({ records, credential, clock, log }) });
}

it('holds every process that has the credential, and one that starts later, for what one was told [SA17]', async () => {
  const [told, other] = [limiter(), limiter()];
  await told.pause('unavailable', 40);

  for (const one of [other, limiter()]) {
    const failure = await expectFailure(one.acquire(callOf(clock, 10_000), UPSTREAM), 'unavailable');
    expect(failure.retryAfterSeconds).toBe(40);
  }
  const startedAtMs = clock.now();
  await other.acquire(callOf(clock, 60_000), UPSTREAM);
  expect(clock.now() - startedAtMs).toBeGreaterThanOrEqual(39_900);
});

it('leaves other credentials alone [SA17]', async () => {
  await limiter().pause('rateLimited', 40);
  await expect(limiter(store.pauses, 'organization').acquire(callOf(clock), UPSTREAM)).resolves.toBeInstanceOf(
    Function,
  );
});

it('asks the store once for calls that start together, and gives their slots back where there is a pause [SA17]', async () => {
  let asked = 0;
  const records: PauseRecords = {
    ...store.pauses,
    find: (credential) => {
      asked += 1;
      return store.pauses.find(credential);
    },
  };
  const one = limiter(records);
  await limiter().pause('rateLimited', 3);
  await Promise.all([one.acquire(callOf(clock), UPSTREAM), one.acquire(callOf(clock), UPSTREAM)]);
  // Once for both before the pause, and at most once for each after it.
  expect(asked).toBeLessThanOrEqual(3);
});

it.each(['find', 'extend'] as const)(
  'goes on by what the process was told itself when the store fails at %s, and says so once [SA17]',
  async (broken) => {
    const failing = (): Promise<never> => Promise.reject(new Failure('unavailable', 'The database is away.'));
    const one = limiter({ ...store.pauses, [broken]: failing });
    await one.pause('rateLimited', 2);
    await one.pause('rateLimited', 3);
    const startedAtMs = clock.now();
    const release = await one.acquire(callOf(clock), UPSTREAM);
    expect(clock.now() - startedAtMs).toBeGreaterThanOrEqual(2_900);
    release();
    await one.acquire(callOf(clock), UPSTREAM);
    expect(warnings).toHaveLength(1);
  },
);

it('believes no pause that only a wrong clock can have written [SA17]', async () => {
  await store.pauses.extend('other', { untilMs: clock.now() + 365 * 24 * 3_600_000, reason: 'rateLimited' });
  await expect(limiter(store.pauses, 'other').acquire(callOf(clock), UPSTREAM)).resolves.toBeInstanceOf(Function);

  await limiter(store.pauses, 'other').pause('unavailable', 40);
  await expectFailure(limiter(store.pauses, 'other').acquire(callOf(clock, 10_000), UPSTREAM), 'unavailable');
});

it('is kept as Atlassian asks for it, for the account whatever its token, and for no other credential [SA17]', async () => {
  upstream.answer = () => ({ status: 503, headers: { 'Retry-After': '1800' } });
  const first = connectTo(upstream.url, clock, { pauses: store.pauses });
  await expectFailure(first.confluence.send(OPERATION, GET, callOf(clock)), 'unavailable');
  expect(upstream.received).toHaveLength(1);

  const renewed = connectTo(upstream.url, clock, { pauses: store.pauses, apiToken: 'another-token' });
  await expectFailure(renewed.confluence.send(OPERATION, GET, callOf(clock)), 'unavailable');
  await expectFailure(renewed.jira.send(OPERATION, GET, callOf(clock)), 'unavailable');
  expect(upstream.received).toHaveLength(1);

  upstream.answer = () => ({ body: {} });
  await renewed.organization?.client.send(OPERATION, GET, callOf(clock));
  const someoneElse = connectTo(upstream.url, clock, { pauses: store.pauses, adminEmail: SECRETS.email });
  await someoneElse.confluence.send(OPERATION, GET, callOf(clock));
  expect(upstream.received).toHaveLength(3);
});
