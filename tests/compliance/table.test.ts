import { describe, expect, it } from '@jest/globals';
import { describeTable, replaceTable, type Row } from '../../scripts/compliance/table.js';

const row: Row = {
  suite: 'scim-sanity',
  version: '0.7.4',
  mode: 'put',
  counted: { checks: 31, passed: 24, skipped: 3 },
  skipped: undefined,
  file: {
    total: { put: 31 },
    deviations: [
      { reason: 'Declared off.', checks: ['GET /Schemas'] },
      { reason: 'No such call.', modes: ['reject'], checks: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] },
    ],
    skips: [],
    provesNothing: [],
  },
};

describe('the table of the README', () => {
  it('counts what deviates and gives every reason', () => {
    const table = describeTable([
      row,
      { ...row, mode: 'reject', counted: undefined, skipped: 'there is no python3; install it.' },
    ]);

    expect(table).toContain('| scim-sanity | 0.7.4 | `put` | 31 | 24 | 4 | 3 |');
    expect(table).toContain('| scim-sanity | 0.7.4 | `reject` | not run: there is no python3 |');
    expect(table).toContain('- Declared off.\n  - scim-sanity: `GET /Schemas`\n');
    expect(table).toContain('- No such call.\n  - scim-sanity with `reject`: `a`, `b`, `c`, `d`, `e`, `f` and 2 more');
  });

  it('gives no reasons for what did not run', () => {
    const table = describeTable([{ ...row, counted: undefined, skipped: 'there is no python3; install it.' }]);

    expect(table).not.toContain('Declared off.');
  });

  it('goes between its markers and leaves the rest alone', () => {
    const before = 'above\n<!-- compliance:begin -->\nold\n<!-- compliance:end -->\nbelow\n';

    const after = replaceTable(before, 'new');

    expect(after).toBe('above\n<!-- compliance:begin -->\n\nnew\n\n<!-- compliance:end -->\nbelow\n');
    expect(replaceTable(after, 'new')).toBe(after);
  });

  it('needs both markers', () => {
    expect(() => replaceTable('<!-- compliance:end --> <!-- compliance:begin -->', 'new')).toThrow('README.md needs');
  });
});
