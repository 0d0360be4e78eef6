import { describe, expect, it } from '@jest/globals';
import { retryAfterSeconds, waitBeforeRetryMs, type Outcome, type Repeatability } from '../../src/atlassian/retry.js';

const answered = (status: number, isUseless = status >= 500): Outcome => ({ kind: 'answer', status, isUseless });

describe('retryAfterSeconds', () => {
  const nowMs = Date.UTC(2026, 2, 11, 23, 28, 0);

  it.each([
    ['12', 12],
    [' 0 ', 0],
    ['0.2', 1],
    ['Wed, 11 Mar 2026 23:29:00 GMT', 60],
    ['Wed, 11 Mar 2026 23:27:00 GMT', 0],
    ['soon', undefined],
    ['-3', undefined],
    ['12 apples', undefined],
    ['2026', 2026],
    ['2026-03-26T16:00Z', undefined],
    ['Xyz, 99 Abc 2026 99:99:99 GMT', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads Retry-After %j as %s seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, nowMs)).toBe(seconds);
  });
});

describe('waitBeforeRetryMs', () => {
  it.each<[Repeatability, string, Outcome, boolean]>([
    ['read', 'an outage', answered(503), true],
    ['read', 'a 500', answered(500), true],
    ['read', 'a page in place of the answer', answered(200, true), true],
    ['read', 'a lost answer', { kind: 'lost' }, true],
    ['read', 'a refusal', answered(404), false],
    ['read', 'a success', answered(200), false],
    ['idempotent', 'an outage', answered(503), true],
    ['idempotent', 'a 500, behind which Confluence hides refusals', answered(500), false],
    ['idempotent', 'a lost answer', { kind: 'lost' }, true],
    ['once', 'an outage', answered(503), false],
    ['once', 'a lost answer', { kind: 'lost' }, false],
    ['once', 'a connection that never came about', { kind: 'notSent' }, true],
    ['once', 'a 429', answered(429), true],
  ])('%s call after %s: repeated is %s [SA4]', (repeatability, _what, outcome, isRepeated) => {
    expect(waitBeforeRetryMs(repeatability, 1, outcome, 0.5) !== undefined).toBe(isRepeated);
  });

  it('gives up after the third attempt [SA4]', () => {
    expect(waitBeforeRetryMs('read', 2, answered(503), 0.5)).toBeGreaterThan(0);
    expect(waitBeforeRetryMs('read', 3, answered(503), 0.5)).toBeUndefined();
    expect(waitBeforeRetryMs('read', 3, answered(429), 0.5)).toBeUndefined();
  });

  it('waits longer the second time, and not the same for everybody [SA4]', () => {
    const first = [0, 1].map((random) => waitBeforeRetryMs('read', 1, answered(503), random));
    const second = [0, 1].map((random) => waitBeforeRetryMs('read', 2, answered(503), random));
    expect(first).toEqual([200, 600]);
    expect(second).toEqual([400, 1200]);
  });

  it('leaves the wait after a 429 to the limiter, which pauses the whole credential [SA4]', () => {
    expect(waitBeforeRetryMs('once', 1, answered(429), 1)).toBe(0);
  });
});
