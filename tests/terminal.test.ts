import { describe, expect, it } from '@jest/globals';
import { printable, printableJson } from '../src/terminal.js';

describe('printable', () => {
  it.each([
    ['Zoë, 林, 👩', 'Zoë, 林, 👩'],
    ['a\u001b[31mb', 'a\\u{1b}[31mb'],
    ['two\nlines\u2028more', 'two\\u{a}lines\\u{2028}more'],
    ['abc\u202egpj.exe', 'abc\\u{202e}gpj.exe'],
    ['half\ud800', 'half\\u{d800}'],
  ])('shows %j in one line that does nothing to a terminal', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

describe('printableJson', () => {
  it('means the same', () => {
    const value = { 'k\u009b': ['\u202e', 'a\nb', '\u{e0041}'], n: 1 };

    const text = printableJson(value, 2);

    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll('\n', '')).toMatch(/^[ -~]+$/);
  });
});
