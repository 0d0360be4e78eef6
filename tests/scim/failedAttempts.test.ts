import { describe, expect, it } from '@jest/globals';
import { createFailedAttempts, sourceOf } from '../../src/scim/failedAttempts.js';
import { ENTRA_TOKEN, expectScimError, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';

const WRONG = 'of-somebody-else-0123456789';

async function knock(bridge: TestBridge, times: number, token = WRONG): Promise<number[]> {
  const statuses: number[] = [];
  for (let count = 0; count < times; count += 1) {
    statuses.push((await bridge.scim('get', '/ServiceProviderConfig', undefined, token)).status);
  }
  return statuses;
}

function toldOf(bridge: TestBridge): unknown[] {
  return bridge.logs.filter(({ message }) => message.includes('wrong token')).map(({ fields }) => fields);
}

describe('wrong tokens', () => {
  it('from one address are 401 ten times a minute, then 429 that says when to come back and what helps [SA19] [SA4]', async () => {
    const bridge = await startTestBridge({ scan: false });
    expect(await knock(bridge, 11)).toEqual([...new Array<number>(10).fill(401), 429]);

    const reply = await bridge.scim('get', '/Users', undefined, WRONG);
    expectScimError(reply, 429);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(reply.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((reply.body as { detail: string }).detail).toContain('it is let in at once');

    bridge.clock.advance(60_000);
    expect(await knock(bridge, 1)).toEqual([401]);
  });

  it('lock nobody out: a right token from the same address passes at once [SA19]', async () => {
    const bridge = await startTestBridge({ scan: false });
    await knock(bridge, 12);
    expect(await knock(bridge, 1, OKTA_TOKEN)).toEqual([200]);
    expect(await knock(bridge, 1, ENTRA_TOKEN)).toEqual([200]);
    expect(await knock(bridge, 1)).toEqual([429]);
  });

  it('are told once a minute, with the address and how many there were, and nothing of the token [SA19] [SA7]', async () => {
    const bridge = await startTestBridge({ scan: false });
    await knock(bridge, 25);
    expect(toldOf(bridge)).toEqual([{ source: '127.0.0.1', inTheMinuteBefore: undefined }]);
    bridge.clock.advance(60_000);
    await knock(bridge, 2);
    expect(toldOf(bridge)).toEqual([
      { source: '127.0.0.1', inTheMinuteBefore: undefined },
      { source: '127.0.0.1', inTheMinuteBefore: 25 },
    ]);

    const requests = bridge.logs.filter(({ message }) => message === 'request');
    expect(requests.filter(({ level }) => level === 'info')).toHaveLength(12);
    expect(requests.filter(({ level }) => level === 'debug')).toHaveLength(15);
    expect(JSON.stringify(bridge.logs)).not.toContain('somebody-else');
  });

  it('are counted for the metrics by what was wrong, also where no token came, which is never slowed [SA19]', async () => {
    const bridge = await startTestBridge({ scan: false });
    await knock(bridge, 3);
    await knock(bridge, 1, 'two words');
    const url = `${bridge.url}/scim/v2/Users`;
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await fetch(url)).status));
    expect(new Set(statuses)).toEqual(new Set([401]));

    const reply = await fetch(`${bridge.url}/metrics`, { headers: { Authorization: `Bearer ${OKTA_TOKEN}` } });
    const lines = (await reply.text()).split('\n').filter((line) => /^[a-z_]+authentication_failures_total/.test(line));
    expect(
      lines.map((line) => line.replace('confluence_scim_bridge_authentication_failures_total', '')).sort(),
    ).toEqual(['{reason="missing"} 12', '{reason="unknown"} 3', '{reason="unreadable"} 1']);
  });
});

describe('the count of wrong tokens', () => {
  function counted() {
    let nowMs = 0;
    const told: unknown[] = [];
    const log = { debug: () => undefined, info: () => undefined, error: () => undefined };
    const clock = { now: () => nowMs, sleep: () => Promise.resolve() };
    const warn = (_message: string, fields: Readonly<Record<string, unknown>> = {}) => void told.push(fields['source']);
    const attempts = createFailedAttempts({ clock, log: { ...log, warn } });
    return { attempts, told, advance: (ms: number) => (nowMs += ms) };
  }

  it('is of each address by itself, and of the whole network that somebody with IPv6 has [SA19]', () => {
    const { attempts, told } = counted();
    for (let host = 1; host <= 11; host += 1) attempts.count(`2001:db8:0:7::${host.toString(16)}`);
    expect(attempts.count('2001:db8:0:7:ffff::1')).toBe(60);
    expect(attempts.count('2001:db8:0:8::1')).toBeUndefined();
    expect(attempts.count('192.0.2.1')).toBeUndefined();
    expect(told).toEqual(['2001:db8:0:7::/64', '2001:db8:0:8::/64', '192.0.2.1']);
  });

  it('remembers and tells of a bounded number of addresses, however many there are, and forgets them [SA19]', () => {
    const { attempts, told, advance } = counted();
    const address = (number: number): string => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    for (let number = 0; number < 5_000; number += 1) attempts.count(address(number));
    expect(told).toHaveLength(1_001);
    expect(told.at(-1)).toBe('other addresses');
    expect(attempts.count(address(4_999))).toBe(60);

    advance(60_000);
    expect(attempts.count(address(4_999))).toBeUndefined();
    expect(told.at(-1)).toBe('10.0.19.135');
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['ada@acme.com', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('takes %j for %s [SA19]', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
