import { describe, expect, it } from '@jest/globals';

import { at, startCallers } from './callers.js';

const groups = '/wiki/rest/api/group';
const current = '/wiki/rest/api/user/current';

describe('faults.next', () => {
  it('strikes one call that matches by method and path, and does nothing of what was asked', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ method: 'POST', path: /group$/, status: 503 });

    expect((await site('GET', groups)).status).toBe(200);
    expect(await site('POST', groups, { name: 'x' })).toMatchObject({ status: 503, body: { statusCode: 503 } });
    expect(sandbox.findGroupByName('x')).toBeUndefined();
    expect((await site('POST', groups, { name: 'x' })).status).toBe(201);
  });

  it('strikes as often as asked, in the order asked for', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ status: 500, times: 2 });
    sandbox.faults.next({ status: 502 });
    const statuses = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await site('GET', current)).status);
    expect(statuses).toEqual([500, 500, 502, 200]);
  });

  it('leaves a mark on the calls that it strikes, and another on those that reach the site', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ method: 'POST' });
    sandbox.faults.next({ method: 'POST', kind: 'error-after', status: 502 });
    await site('GET', groups);
    await site('POST', groups, { name: 'x' });
    await site('POST', groups, { name: 'x' });
    expect(sandbox.calls.map(({ isStruck, isServed }) => ({ isStruck, isServed }))).toEqual([
      { isStruck: false, isServed: true },
      { isStruck: true, isServed: false },
      { isStruck: true, isServed: true },
    ]);
  });

  it('sends the headers of a rate limit with Retry-After', async () => {
    const { site, sandbox } = await startCallers({ now: () => Date.UTC(2026, 2, 26, 15, 59, 30) });
    sandbox.faults.next({ status: 429, retryAfter: 40, headers: { 'X-Extra': 'yes' } });
    const { status, headers } = await site('GET', current);
    expect(status).toBe(429);
    expect(headers.get('retry-after')).toBe('40');
    expect(headers.get('x-ratelimit-reset')).toBe('2026-03-26T16:00Z');
    expect(headers.get('ratelimit-reason')).toBe('confluence-burst-based');
    expect(headers.get('x-extra')).toBe('yes');
  });

  it('sends any body under any media type', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ status: 200, body: { strange: true } });
    sandbox.faults.next({ status: 200, body: '{"results":', contentType: 'application/json' });
    expect((await site('GET', current)).body).toEqual({ strange: true });
    const broken = await site('GET', current);
    expect(broken.text).toBe('{"results":');
    expect(broken.headers.get('content-type')).toContain('application/json');
  });

  it('words the error as the surface does', async () => {
    const { site, directory, sandbox } = await startCallers();
    sandbox.faults.next({ times: 3 });
    expect(at((await site('GET', '/rest/api/3/myself')).body, 'errorMessages')).toHaveLength(1);
    expect(at((await directory('POST', '/users/search', {})).body, 'errors', 0, 'status')).toBe('500');
    expect(at((await site('POST', '/wiki/api/v2/users-bulk', { accountIds: ['x'] })).body, 'errors', 0, 'status')).toBe(
      500,
    );
  });

  it('sends a page instead of JSON', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ kind: 'html', status: 502 });
    const { status, headers, text } = await site('GET', current);
    expect(status).toBe(502);
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('<html>');
  });

  it('drops the connection before doing anything', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ kind: 'reset' });
    await expect(site('POST', groups, { name: 'x' })).rejects.toThrow();
    expect(sandbox.findGroupByName('x')).toBeUndefined();
    expect(sandbox.calls).toMatchObject([{ operation: 'confluence.createGroup', status: undefined }]);
  });

  it('drops the connection after doing what was asked', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ kind: 'drop-after', method: 'POST' });
    await expect(site('POST', groups, { name: 'x' })).rejects.toThrow();
    expect(sandbox.findGroupByName('x')).toBeDefined();
    expect(sandbox.calls).toMatchObject([{ operation: 'confluence.createGroup', status: undefined }]);
  });

  it('answers an error after doing what was asked', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ kind: 'error-after', status: 504 });
    expect((await site('POST', groups, { name: 'x' })).status).toBe(504);
    expect(sandbox.findGroupByName('x')).toBeDefined();
  });

  it('hangs until the faults are cleared', async () => {
    const { site, sandbox } = await startCallers();
    const arrived = new Promise<void>((resolve) => sandbox.faults.when({}, () => resolve()));
    sandbox.faults.next({ kind: 'hang' });
    const hanging = site('POST', groups, { name: 'x' });
    await arrived;
    // Hooks run before the fault strikes.
    await new Promise((resolve) => setImmediate(resolve));
    sandbox.faults.clear();
    await expect(hanging).rejects.toThrow();
    expect(sandbox.findGroupByName('x')).toBeUndefined();
  });

  it('hangs until the caller gives up or the sandbox closes', async () => {
    const { site, sandbox } = await startCallers();
    const arrived = new Promise<void>((resolve) => sandbox.faults.when({}, () => resolve()));
    sandbox.faults.next({ kind: 'hang' });
    const hanging = site('POST', groups, { name: 'x' }).catch(() => 'dropped');
    await arrived;
    await sandbox.close();
    expect(await hanging).toBe('dropped');
    expect(sandbox.findGroupByName('x')).toBeUndefined();
  });
});

describe('faults in the middle of an answer', () => {
  it('answers half of the JSON as if it were all, after doing what was asked', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ kind: 'truncated', method: 'POST' });
    const { status, headers, text } = await site('POST', groups, { name: 'x' });
    expect(status).toBe(201);
    expect(headers.get('content-type')).toContain('application/json');
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(sandbox.findGroupByName('x')).toBeDefined();
  });

  it('drops the connection in the middle of the answer, after doing what was asked', async () => {
    const { site, sandbox } = await startCallers();
    sandbox.faults.next({ kind: 'cut-off', method: 'POST' });
    await expect(site('POST', groups, { name: 'x' })).rejects.toThrow();
    expect(sandbox.findGroupByName('x')).toBeDefined();
  });

  it.each(['truncated', 'cut-off'] as const)('makes up a body to be %s where the answer has none', async (kind) => {
    const { site, sandbox } = await startCallers();
    const { id } = sandbox.addGroup({ name: 'x' });
    sandbox.faults.next({ kind });
    const answer = site('DELETE', `${groups}/by-id?id=${id}`);
    if (kind === 'cut-off') await expect(answer).rejects.toThrow();
    else expect(await answer).toMatchObject({ status: 200, text: '{"done"' });
    expect(sandbox.findGroupByName('x')).toBeUndefined();
  });
});

describe('a site that is down', () => {
  it('answers what is under way, refuses every connection, and comes back at the same address', async () => {
    const { site, sandbox } = await startCallers();
    await site('GET', current);
    sandbox.faults.when({}, () => sandbox.shut());
    expect((await site('GET', current)).status).toBe(200);
    await expect(site('GET', current)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await sandbox.reopen();
    expect((await site('GET', current)).status).toBe(200);
  });
});

describe('faults.always', () => {
  it('strikes until it is taken away', async () => {
    const { site, sandbox } = await startCallers();
    const takeAway = sandbox.faults.always({ path: /current/, status: 500 });
    expect((await site('GET', current)).status).toBe(500);
    expect((await site('GET', current)).status).toBe(500);
    takeAway();
    takeAway();
    expect((await site('GET', current)).status).toBe(200);
  });
});

describe('faults.when', () => {
  it('lets a test act before a call is carried out, once', async () => {
    const { site, sandbox } = await startCallers();
    const seen: unknown[] = [];
    sandbox.faults.when({ method: 'POST', path: /group/ }, async (call) => {
      await Promise.resolve();
      seen.push(call.body);
      sandbox.addGroup({ name: 'x' });
    });
    expect((await site('POST', groups, { name: 'x' })).status).toBe(400);
    expect((await site('POST', groups, { name: 'y' })).status).toBe(201);
    expect(seen).toEqual([{ name: 'x' }]);
  });

  it('acts as often as asked, beside a fault, until it is taken away', async () => {
    const { site, sandbox } = await startCallers();
    let count = 0;
    const takeAway = sandbox.faults.when({ times: Infinity }, () => void (count += 1));
    sandbox.faults.next({ status: 500 });
    await site('GET', current);
    await site('GET', current);
    takeAway();
    await site('GET', current);
    expect(count).toBe(2);
  });
});

it('strikes where more than method and path fits', async () => {
  const { site, sandbox } = await startCallers();
  sandbox.faults.always({ where: ({ operation }) => operation === 'confluence.createGroup', status: 503 });
  expect((await site('GET', groups)).status).toBe(200);
  expect((await site('POST', groups, { name: 'x' })).status).toBe(503);
});

it('clears faults and hooks together', async () => {
  const { site, sandbox } = await startCallers();
  let acted = false;
  sandbox.faults.always({ status: 500 });
  sandbox.faults.when({}, () => void (acted = true));
  sandbox.faults.clear();
  expect((await site('GET', current)).status).toBe(200);
  expect(acted).toBe(false);
});
