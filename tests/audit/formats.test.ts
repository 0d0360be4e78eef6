import { describe, expect, it } from '@jest/globals';
import { AUDIT_FORMATS } from '../../src/audit/formats.js';
import type { NumberedAuditLine } from '../../src/provisioning/auditRecords.js';

const { csv, jsonl } = AUDIT_FORMATS;

function aLine(changes: Partial<NumberedAuditLine> = {}): NumberedAuditLine {
  return {
    line: 7,
    at: '2026-03-11T09:00:00.000Z',
    caller: 'okta',
    requestId: 'r-1',
    event: 'group.memberAdded',
    subject: '712020:ada',
    object: undefined,
    decision: 'GR5',
    result: 'done',
    upstream: [
      { operation: 'confluence.addMember', status: 201, durationMs: 12.5 },
      { operation: 'confluence.listMemberships', status: undefined, durationMs: 3 },
    ],
    note: undefined,
    ...changes,
  };
}

describe('csv', () => {
  it('has a line of names, CRLF, and empty cells for what there is none of', () => {
    expect(csv.head + csv.toText(aLine())).toBe(
      'line,at,caller,requestId,event,subject,object,decision,result,upstream,note\r\n' +
        '7,2026-03-11T09:00:00.000Z,okta,r-1,group.memberAdded,712020:ada,,GR5,done,' +
        '"confluence.addMember:201:12.5 confluence.listMemberships:none:3",\r\n',
    );
  });

  it.each([
    ['=HYPERLINK("http://evil")', `"'=HYPERLINK(""http://evil"")"`],
    ['+1', `"'+1"`],
    ['-okta', `"'-okta"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['＝1+1', `"'＝1+1"`],
    [' =1', `"' =1"`],
    ['\t=1', '\\u{9}=1'],
    ['a,b "c"', '"a,b ""c"""'],
    ['two\r\nlines', 'two\\u{d}\\u{a}lines'],
    ['712020:5-x', '712020:5-x'],
  ])('writes %j as %s, which no spreadsheet takes for a formula or another row', (note, cell) => {
    const text = csv.toText(aLine({ note }));

    expect(text.slice(text.lastIndexOf(':3",') + 4)).toBe(`${cell}\r\n`);
  });
});

describe('jsonl', () => {
  it('has one object a line, the columns of the CSV in the same order, and null for what there is none of', () => {
    const text = jsonl.toText(aLine({ note: 'a\nb\u009b' }));

    expect(text.endsWith('}\n')).toBe(true);
    expect(text.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    const line = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(line).join(',')).toBe(csv.head.trim());
    expect(line).toMatchObject({ object: null, note: 'a\nb\u009b' });
    expect(line['upstream']).toEqual([
      { operation: 'confluence.addMember', status: 201, durationMs: 12.5 },
      { operation: 'confluence.listMemberships', status: null, durationMs: 3 },
    ]);
  });
});
