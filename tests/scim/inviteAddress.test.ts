import { describe, expect, it } from '@jest/globals';
import { inviteAddress, isAddress } from '../../src/scim/requests.js';
import { thrownBy } from './thrown.js';

describe('inviteAddress', () => {
  const work = { value: 'Work@x.org', type: 'work' };
  const home = { value: 'home@x.org', type: 'home' };

  it.each([
    ['the primary e-mail', 'ada', [work, { ...home, primary: true }], 'home@x.org'],
    ['else the one of type work, in lower case', 'ada@y.org', [home, work], 'work@x.org'],
    ['else the first (authentik: type other)', 'ada', [{ value: 'a@x.org', type: 'other' }, home], 'a@x.org'],
    ['else an address-shaped userName', ' Ada@Y.org ', [], 'ada@y.org'],
    ['else userName at the default domain', 'Ada', [], 'ada@corp.example'],
    ['leaving out e-mails without value', 'ada@y.org', [{ type: 'work', primary: true }, { value: ' ' }], 'ada@y.org'],
  ])('takes %s [US3]', (_, userName, emails, expected) => {
    expect(inviteAddress({ userName, profile: { emails } }, 'corp.example')).toBe(expected);
  });

  it.each([
    ['nothing to go by', 'ada', [], undefined, /DEFAULT_EMAIL_DOMAIN/],
    [
      'an e-mail that is no address',
      'ada@x.org',
      [{ value: 'nonsense', primary: true }],
      undefined,
      /^emails gives nonsense/,
    ],
    ['a userName that is almost an address', 'ada@@x.org', [], 'corp.example', /nobody can be invited/],
    ['a userName unfit for an address', 'a da', [], 'corp.example', /^userName gives/],
  ])('refuses %s as invalidValue [US3]', (_, userName, emails, domain, message) => {
    const failure = thrownBy(() => inviteAddress({ userName, profile: { emails } }, domain));
    expect(failure).toMatchObject({ kind: 'invalid', scimType: 'invalidValue' });
    expect(failure.message).toMatch(message);
  });
});

describe('isAddress', () => {
  it.each(['a@b.co', "o'brien+x@sub.example.org", 'ada_x.org#EXT#@tenant.onmicrosoft.com', 'a@xn--bcher-kva.example'])(
    'takes %s',
    (text) => {
      expect(isAddress(text)).toBe(true);
    },
  );

  it.each([
    '',
    'a',
    '@b.co',
    'a@',
    'a@localhost',
    'a@b..co',
    'a@-b.co',
    'a@b-.co',
    '.a@b.co',
    'a..b@b.co',
    'a.@b.co',
    'a b@b.co',
    'a@b@c.co',
    'a@1.2.3.4',
    '"a"@b.co',
    'a@b.co\n',
    'a,b@b.co',
    'ä@b.co',
    `${'a'.repeat(65)}@b.co`,
    `a@${'b.'.repeat(130)}co`,
    `a@${'b'.repeat(64)}.co`,
  ])('refuses %j', (text) => {
    expect(isAddress(text)).toBe(false);
  });

  it.each([
    ['a local part', `${'a.'.repeat(1e5)}@`],
    ['a domain', `a@${'a'.repeat(1e5)}`],
    ['a domain of many labels', `a@${'a.'.repeat(120)}!`],
  ])('refuses %s that never ends', (_, text) => {
    expect(isAddress(text)).toBe(false);
  });
});
