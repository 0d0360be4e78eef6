import { describe, expect, it } from '@jest/globals';
import { printable, printableJson, progressBar } from '../src/terminal.js';

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

describe('a progress bar', () => {
  function drawn(isTTY: boolean | undefined): string[] {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text), ...(isTTY === undefined ? {} : { isTTY }) };
    const bar = progressBar(stream, 'Comparing');
    bar.expect(2);
    bar.step();
    bar.step();
    bar.step();
    bar.end();
    return written.map((text) => text.replaceAll('\r\u001b[K', ''));
  }

  it('fills one line of a terminal, never beyond its end, and takes it away [SA15]', () => {
    expect(drawn(true)).toEqual([
      `Comparing [${'.'.repeat(30)}] 0/2`,
      `Comparing [${'#'.repeat(15)}${'.'.repeat(15)}] 1/2`,
      `Comparing [${'#'.repeat(30)}] 2/2`,
      `Comparing [${'#'.repeat(30)}] 3/3`,
      '',
    ]);
  });

  it('is nothing where the output goes elsewhere [SA15]', () => {
    expect([...drawn(undefined), ...drawn(false)]).toEqual([]);
  });
});
