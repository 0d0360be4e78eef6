import { describe, expect, it } from '@jest/globals';
import { parseSince } from '../../src/audit/since.js';

const NOW_MS = Date.UTC(2026, 6, 10, 12, 0, 0);

describe('parseSince', () => {
  it.each([
    ['7d', '2026-07-03T12:00:00.000Z'],
    ['12h', '2026-07-10T00:00:00.000Z'],
    ['90m', '2026-07-10T10:30:00.000Z'],
    ['2w', '2026-06-26T12:00:00.000Z'],
    ['2026-07-01', '2026-07-01T00:00:00.000Z'],
    ['2026-07-01T08:00Z', '2026-07-01T08:00:00.000Z'],
    ['2026-07-01T08:00:30.5+02:00', '2026-07-01T06:00:30.500Z'],
  ])('reads %s as %s', (text, iso) => {
    expect(parseSince(text, NOW_MS)).toBe(iso);
  });

  it.each(['', 'yesterday', '7', 'd', '-7d', '7 d', '2026-02-30', '2026-13-01', '2026-07-01T08:00', '01.07.2026'])(
    'does not read %j',
    (text) => {
      expect(parseSince(text, NOW_MS)).toBeUndefined();
    },
  );
});
