import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../src/provisioning/failure.js';
import { createRedactor } from '../../src/observability/redact.js';

const SECRET = 'ATATT3x/Ff+GF0=secret';
const redactor = createRedactor(['ATATT3x/Ff', SECRET, '']);

describe('a redactor of texts', () => {
  it.each([
    [`token ${SECRET}!`, 'token [redacted]!'],
    [`?key=${encodeURIComponent(SECRET)}&x=1`, '?key=[redacted]&x=1'],
    ['Authorization: Bearer 0123456789abcdef', 'Authorization: Bearer [redacted]'],
    ['Basic authentication is not offered', 'Basic authentication is not offered'],
    ['User ada.lovelace+x@acme.co.uk is gone', 'User [e-mail] is gone'],
    ['filter=userName%20eq%20%22ada%40acme.com%22', 'filter=[e-mail]%22'],
    ['"jürgen@müller.de", <bob@xn--mller-kva.de>', '"[e-mail]", <[e-mail]>'],
    ["for 'o'brien@acme.com'", "for [e-mail]'"],
    ['root@localhost', '[e-mail]'],
    ['/node_modules/@scope/name/index.js', '/node_modules/@scope/name/index.js'],
    ['account 712020:0e4f3b1c-7a53 of group 42', 'account 712020:0e4f3b1c-7a53 of group 42'],
  ])('makes of %j %j [SA7]', (text, clean) => {
    expect(redactor.text(text)).toBe(clean);
  });

  it('leaves no address whatever stands around it [SA7]', () => {
    // A character that separates parts of URLs is allowed right before the @, and nobody has it there.
    const addresses = fc.emailAddress().filter((email) => !/[/=?&]@/.test(email));
    fc.assert(
      fc.property(fc.string(), addresses, fc.string(), (before, email, after) => {
        expect(redactor.text(`${before}${email}${after}`)).not.toContain(email);
      }),
    );
  });

  it('leaves no half of a secret where a long text is cut [SA7]', () => {
    const clean = redactor.text(`${'x'.repeat(3_990)}${SECRET}${'y'.repeat(1_000_000)}`);
    expect(clean).not.toContain('ATATT');
    expect(clean.length).toBeLessThan(4_100);
  });

  it.each(['a', 'a%4', 'a.a@'])('cuts an endless text of %s, which is almost an address', (part) => {
    expect(redactor.text(part.repeat(100_000)).length).toBeLessThan(4_100);
  });
});

describe('a redactor of values', () => {
  it('hides by key, at any depth and in any spelling [SA7]', () => {
    const value = {
      Authorization: 'x',
      'x-api-key': 'x',
      nested: [{ userName: 'ada', Set_Cookie: ['x'], access_token: { a: 1 }, pass: 'kept', password: 12345 }],
      more: new Map([['e-mails', [{ value: 'x' }]]]),
    };
    expect(redactor.value(value)).toEqual({
      Authorization: '[redacted]',
      'x-api-key': '[redacted]',
      nested: [
        {
          userName: '[redacted]',
          Set_Cookie: '[redacted]',
          access_token: '[redacted]',
          pass: 'kept',
          password: '[redacted]',
        },
      ],
      more: { 'e-mails': '[redacted]' },
    });
  });

  it('says whether a hidden value was there at all', () => {
    expect(redactor.value({ hasToken: true, token: undefined, cookie: null })).toEqual({
      hasToken: true,
      token: undefined,
      cookie: null,
    });
  });

  it('cleans texts and keys wherever they are [SA7]', () => {
    expect(redactor.value({ 'ada@acme.com': [`a ${SECRET}`], set: new Set(['bob@acme.com']) })).toEqual({
      '[e-mail]': ['a [redacted]'],
      set: ['[e-mail]'],
    });
  });

  it('shows an error with its kind and its causes, also deep inside a value, and nothing else it carries [SA7]', () => {
    const socket = Object.assign(new Error(`reset by ada@acme.com`), {
      code: 'ECONNRESET',
      config: { headers: { Authorization: 'x' } },
    });
    const failure = new Failure('unavailable', 'Atlassian does not answer.', { cause: { inner: socket } });

    const shown = redactor.value({ list: [failure] });

    expect(shown).toEqual({
      list: [
        {
          name: 'Failure',
          kind: 'unavailable',
          message: 'Atlassian does not answer.',
          stack: expect.arrayContaining([expect.stringMatching(/^at .*redact\.test\.ts/)]),
          cause: {
            inner: {
              name: 'Error',
              code: 'ECONNRESET',
              message: 'reset by [e-mail]',
              stack: expect.any(Array),
            },
          },
        },
      ],
    });
  });

  it('shows the errors inside an aggregate', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'both');
    expect(redactor.value(error)).toMatchObject({ message: 'both', errors: [{ message: 'one' }, 'two'] });
  });

  it('ends, for cycles, depth, breadth and long chains of causes', () => {
    const loop: Record<string, unknown> = { name: 'loop' };
    loop['self'] = loop;
    const error = new Error('own cause');
    error.cause = error;
    let chain = new Error('innermost');
    for (let index = 0; index < 50; index += 1) chain = new Error(`outer ${index}`, { cause: chain });
    let deep: unknown = 'bottom';
    for (let index = 0; index < 10_000; index += 1) deep = { deep };

    expect(redactor.value(loop)).toEqual({ name: 'loop', self: '[circular]' });
    expect(redactor.value(error)).toMatchObject({ message: 'own cause', cause: '[circular]' });
    expect(JSON.stringify(redactor.value(chain))).not.toContain('innermost');
    expect(JSON.stringify(redactor.value(deep))).toContain('[deep]');
    expect(redactor.value(Array.from({ length: 5_000 }, () => 1))).toHaveLength(100);
  });

  it('makes anything plain that JSON can carry', () => {
    const value = {
      big: 10n,
      when: new Date(0),
      never: new Date(NaN),
      bytes: Buffer.from('x'),
      call: () => 1,
      none: null,
    };
    expect(JSON.stringify(redactor.value(value))).toBe(
      '{"big":"10","when":"1970-01-01T00:00:00.000Z","never":null,"bytes":"[binary]","none":null}',
    );
  });
});
