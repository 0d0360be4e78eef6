import { describe, expect, it } from '@jest/globals';
import { ListProblem, readList } from '../../src/adoption/list.js';

async function* chunks(...texts: readonly (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  for (const text of texts) yield await Promise.resolve(text);
}

const read = (...texts: readonly (string | Buffer)[]) => readList(chunks(...texts));

describe('a list of people', () => {
  it('is one address or id a line, without comments, empty lines and repetitions [ID7]', async () => {
    const text =
      '\uFEFF# the team\r\nAda@Example.com # since May\n\n  bob@example.com\t\rada@example.com\n712020:Ab-1\na#b@example.com';
    expect(await read(text)).toEqual(['ada@example.com', 'bob@example.com', '712020:Ab-1', 'a#b@example.com']);
  });

  it('may come in pieces that cut characters apart [ID7]', async () => {
    const bytes = Buffer.from('jürgen@example.com\nx@example.com');
    expect(await read(bytes.subarray(0, 2), bytes.subarray(2))).toEqual(['jürgen@example.com', 'x@example.com']);
  });

  it.each<[string, string, RegExp]>([
    ['is empty', '# nobody\n\n', /^The list is empty/],
    ['has a line too long', `a@x.com\n${'a'.repeat(321)}`, /^Line 2 is longer than 320 characters/],
    ['names too many', Array.from({ length: 10_001 }, (_, n) => `a${n}@x.com`).join('\n'), /more than 10000 people/],
    ['is too large', `${'#'.repeat(200)}\n`.repeat(6000), /larger than 1 MB/],
  ])('that %s is refused in words [ID7]', async (_name, text, message) => {
    const reading = read(text);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(ListProblem);
  });

  it('that never ends is given up, not kept [ID7]', async () => {
    async function* endless(): AsyncGenerator<string> {
      for (;;) yield await Promise.resolve('# '.repeat(32 * 1024));
    }
    await expect(readList(endless())).rejects.toThrow(/larger than 1 MB/);
  });
});
