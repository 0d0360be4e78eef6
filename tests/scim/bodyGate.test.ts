import { describe, expect, it } from '@jest/globals';
import { createTestClock, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { user } from './exchanges.js';

const LARGE_BYTES = 4 * 1024 * 1024;
/** As many of the largest bodies as are read at once. */
const AT_ONCE = 4;

/** A bridge whose upstream answers the creation of people only when told to. */
interface Site {
  readonly bridge: TestBridge;
  /** People whose creation has come as far as Atlassian. */
  begun(): number;
  /** Waits until so many have begun. */
  hasBegun(count: number): Promise<void>;
  /** Lets all go on that wait, and those after them. */
  release(): void;
  /** Ends the wait of whoever waits for a turn. */
  giveUp(): void;
}

async function startSite(): Promise<Site> {
  const clock = createTestClock();
  let giveUp = (): void => undefined;
  const isOver = new Promise<void>((resolve) => (giveUp = resolve));
  const isTurn = (ms: number): boolean => ms > 4_900 && ms <= 5_000;
  const bridge = await startTestBridge({
    clock: { ...clock, sleep: (ms, signal) => (isTurn(ms) ? isOver : clock.sleep(ms, signal)) },
    settings: { UPSTREAM_CONCURRENCY: '64' },
  });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let begun = 0;
  let awaited: { readonly count: number; readonly resolve: () => void } | undefined;
  bridge.sandbox.faults.when({ path: /users\/search/, times: Infinity }, async () => {
    begun += 1;
    if (begun === awaited?.count) awaited.resolve();
    await released;
  });
  return {
    bridge,
    begun: () => begun,
    hasBegun: (count) =>
      new Promise((resolve) => {
        awaited = { count, resolve };
        if (begun >= count) resolve();
      }),
    release,
    giveUp,
  };
}

/** A User in a body of this size; the rest is blank. */
function body(name: string, bytes: number): string {
  return JSON.stringify(user(name)).padEnd(bytes, ' ');
}

async function post({ bridge }: Site, content: string | ReadableStream, signal?: AbortSignal): Promise<number> {
  const reply = await fetch(`${bridge.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${OKTA_TOKEN}`, 'Content-Type': 'application/scim+json' },
    body: content,
    ...(content instanceof ReadableStream ? { duplex: 'half' } : {}),
    ...(signal === undefined ? {} : { signal }),
  });
  return reply.status;
}

/** Without a Content-Length. */
function chunked(text: string): ReadableStream {
  return new Blob([text]).stream();
}

function postLarge(site: Site, count: number): Promise<number>[] {
  return Array.from({ length: count }, (_, index) => post(site, body(`large${index}`, LARGE_BYTES)));
}

describe('large bodies', () => {
  it('wait for their turn behind 16 MB, while small ones pass [SA4]', async () => {
    const site = await startSite();
    const first = postLarge(site, AT_ONCE);
    await site.hasBegun(AT_ONCE);

    const waiting = post(site, body('late', LARGE_BYTES));
    const small = post(site, body('small', 200_000));
    await site.hasBegun(AT_ONCE + 1);

    expect((await site.bridge.scim('get', '/Users?count=0')).status).toBe(200);
    expect(site.begun()).toBe(AT_ONCE + 1);
    site.release();
    expect(await Promise.all([...first, waiting, small])).toEqual(Array.from({ length: AT_ONCE + 2 }, () => 201));
  });

  it('are 503 with Retry-After when their turn does not come, and nothing was read of them [SA4]', async () => {
    const site = await startSite();
    const first = postLarge(site, AT_ONCE);
    await site.hasBegun(AT_ONCE);

    const late = site.bridge.scim('post', '/Users', body('late', LARGE_BYTES)).then((reply) => reply);
    site.giveUp();

    const { status, headers } = await late;
    expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '10' });
    site.release();
    expect(await Promise.all(first)).toEqual(Array.from({ length: AT_ONCE }, () => 201));
    expect(site.bridge.sandbox.findPersonByEmail('late@example.com')).toBeUndefined();
  });

  it('make place when their client is gone [SA4]', async () => {
    const site = await startSite();
    const impatient = new AbortController();
    const gone = post(site, body('gone', LARGE_BYTES), impatient.signal).catch(() => 'gone');
    const others = postLarge(site, AT_ONCE - 1);
    await site.hasBegun(AT_ONCE);
    const waiting = post(site, body('late', LARGE_BYTES));

    impatient.abort();

    await site.hasBegun(AT_ONCE + 1);
    site.release();
    expect(await Promise.all([...others, waiting])).toEqual(Array.from({ length: AT_ONCE }, () => 201));
    expect(await gone).toBe('gone');
  });

  it('of unknown size count as the largest until they were read [SA4]', async () => {
    const site = await startSite();
    const large = Array.from({ length: AT_ONCE }, (_, n) => post(site, chunked(body(`large${n}`, 300_000))));
    await site.hasBegun(AT_ONCE);
    const late = post(site, chunked(body('late', 300)));
    site.giveUp();

    expect(await late).toBe(503);
    site.release();
    expect(await Promise.all(large)).toEqual(Array.from({ length: AT_ONCE }, () => 201));
  });

  it('of unknown size that turn out small hold nobody up [SA4]', async () => {
    const site = await startSite();
    const small = Array.from({ length: 3 * AT_ONCE }, (_, n) => post(site, chunked(body(`small${n}`, 300))));

    await site.hasBegun(3 * AT_ONCE);
    site.release();

    expect(await Promise.all(small)).toEqual(Array.from({ length: 3 * AT_ONCE }, () => 201));
  });
});
