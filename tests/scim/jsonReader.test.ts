import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_JSON_KEYS, MAX_JSON_VALUES, readJson, readJsonNow } from '../../src/scim/jsonReader.js';
import { thrownBy } from './thrown.js';

/** What a reader makes of a text: its value, or that it is none. */
function outcome(read: (text: string) => unknown, text: string): unknown {
  try {
    return { value: read(text) };
  } catch {
    return 'no JSON';
  }
}

describe('readJson', () => {
  it('reads what JSON.parse reads, in any layout [SA18]', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', '\r\n'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(readJsonNow(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses: texts with a piece cut out, put in or changed [SA18]', () => {
    const piece = fc.oneof(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '-', '.', 'e', '0', '00', 'tru', 'null', '\u0001', ' '),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.nat(3), piece, (value, at, removed, inserted) => {
        const text = JSON.stringify(value);
        const start = at % (text.length + 1);
        const spoiled = text.slice(0, start) + inserted + text.slice(start + removed);
        const read = outcome(readJsonNow, spoiled);
        // A cut may double a name, which JSON.parse passes over.
        if (read === 'no JSON' && /twice/.test(thrownBy(() => readJsonNow(spoiled)).message)) return;
        expect(read).toEqual(outcome(JSON.parse, spoiled));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['', ' ', '01', '-', '1.', '.5', '1e', '+1', 'NaN', 'Infinity', "'a'", '[1,]', '{"a":1,}', '{a:1}', '{"a"}'])(
    'refuses %j, which is no JSON [SA18]',
    (text) => {
      expect(thrownBy(() => readJsonNow(text))).toMatchObject({ kind: 'invalid', scimType: 'invalidSyntax' });
    },
  );

  it.each([
    ['{"active":true,"active":false}', 'active'],
    ['{"a":{"b":[{"value":1,"type":2,"value":3}]}}', 'value'],
    ['{"active":false,"\\u0061ctive":true}', 'active'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a\\r\\n\\u001b[31m":1,"a\\r\\n\\u001b[31m":2}', 'a???[31m'],
  ])('refuses a name that comes twice in one object, and tells which: %s [SA18]', (text, name) => {
    const failure = thrownBy(() => readJsonNow(text));

    expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidSyntax' });
    expect(failure.message).toContain(` names ${name} twice `);
  });

  it('takes the same name in two objects, and in one inside the other', () => {
    const text = '{"value":[{"value":1},{"value":{"value":2}}],"type":{}}';
    expect(readJsonNow(text)).toEqual(JSON.parse(text));
  });

  it('keeps a name that reaches for a prototype a name', () => {
    const read = readJsonNow('{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}') as object;

    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect('x' in {}).toBe(false);
  });

  it('reads UTF-8 with and without a byte order mark, and nothing else [SA18]', async () => {
    const zoe = Buffer.from('{"a":"Zoë 😀"}');

    expect(await readJson(zoe)).toEqual({ a: 'Zoë 😀' });
    expect(await readJson(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), zoe]))).toEqual({ a: 'Zoë 😀' });
    for (const bytes of [
      Buffer.from('{"a":"Zoë"}', 'latin1'),
      Buffer.from('{"a":"Zoë"}', 'utf16le'),
      Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from('{"a":"x"}').subarray(0, 8),
    ]) {
      await expect(readJson(bytes)).rejects.toMatchObject({ kind: 'invalid', scimType: 'invalidSyntax' });
    }
  });

  it('goes as deep as the text, without a stack to overflow', async () => {
    const depth = 200_000;
    let read = await readJson(Buffer.from('['.repeat(depth) + ']'.repeat(depth)));
    let found = 0;
    for (; Array.isArray(read); read = read[0] as unknown) found += 1;
    expect(found).toBe(depth);
  });

  it('bounds how many values a text holds, and how many names an object [SA18]', async () => {
    const zeros = (count: number): Buffer => Buffer.from(`[${Array.from({ length: count }, () => 0).join(',')}]`);
    const named = (count: number): string => `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join(',')}}`;

    expect(await readJson(zeros(MAX_JSON_VALUES - 1))).toHaveLength(MAX_JSON_VALUES - 1);
    await expect(readJson(zeros(MAX_JSON_VALUES))).rejects.toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(Object.keys(readJsonNow(named(MAX_JSON_KEYS)) as object)).toHaveLength(MAX_JSON_KEYS);
    expect(thrownBy(() => readJsonNow(named(MAX_JSON_KEYS + 1)))).toMatchObject({ scimType: 'invalidValue' });
  });

  it('lets others go on while it reads a large text [SA18]', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);

    await readJson(Buffer.from(`[${'0,'.repeat(100_000)}0]`));
    isOver = true;

    expect(turns).toBeGreaterThanOrEqual(20);
  });
});
