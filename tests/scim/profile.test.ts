import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/provisioning/store.js';
import { changedAttributes, mergeProfile, profileDifferences } from '../../src/scim/profile.js';
import type { Profile } from '../../src/scim/profile.js';
import { ENTERPRISE_URN } from '../../src/scim/userAttributes.js';

const record: Profile = {
  userName: 'ada@x.org',
  profile: {
    title: 'Dr',
    name: { givenName: 'Ada', familyName: 'King' },
    emails: [
      { value: 'ada@x.org', type: 'work', primary: true },
      { value: 'a@home.org', type: 'home' },
    ],
    [ENTERPRISE_URN]: { department: 'R&D', manager: { value: 'm1' } },
  },
};
const sent = (profile: JsonObject, userName = 'ada@x.org'): Profile => ({ userName, profile });

describe('profileDifferences', () => {
  it.each<[string, JsonObject]>([
    ['the same again', record.profile],
    ['absent attributes', {}],
    ['null and empty ones', { title: null, emails: [], name: {}, [ENTERPRISE_URN]: null }],
    ['absent sub-attributes', { name: { givenName: 'Ada' } }],
    ['null sub-attributes', { name: { givenName: null } }],
    ['another order of values', { emails: (record.profile['emails'] as readonly JsonObject[]).toReversed() }],
    [
      'primary false and another letter case of e-mails',
      {
        emails: [
          { value: 'ADA@x.org', type: 'work', primary: true },
          { value: 'a@HOME.org', type: 'home', primary: false },
        ],
      },
    ],
    ['another letter case of names', { TITLE: 'Dr', [ENTERPRISE_URN.toLowerCase()]: { Department: 'R&D' } }],
    ['an empty text for what has no value', { nickName: '' }],
  ])('finds none in %s [US10]', (_, profile) => {
    expect(profileDifferences(record, sent(profile))).toEqual([]);
  });

  it('finds none in other letters of userName, which is not case-exact [US10]', () => {
    expect(profileDifferences(record, sent({}, 'ADA@x.org'))).toEqual([]);
    expect(profileDifferences(record, sent({}, 'eve@x.org'))).toEqual(['userName']);
  });

  it.each<[JsonObject, string]>([
    [{ title: 'Prof' }, 'title'],
    [{ title: '' }, 'title'],
    [{ title: 'dr' }, 'title'],
    [{ name: { givenName: 'Eve' } }, 'name'],
    [{ name: { middleName: 'M' } }, 'name'],
    [{ emails: [{ value: 'ada@x.org', type: 'work', primary: true }] }, 'emails'],
    [{ nickName: 'A' }, 'nickName'],
    [{ [ENTERPRISE_URN]: { department: 'Ops' } }, `${ENTERPRISE_URN}:department`],
    [{ [ENTERPRISE_URN]: { manager: { value: 'm2' } } }, `${ENTERPRISE_URN}:manager`],
    [{ 'urn:acme:1.0:User': { x: 1 } }, 'urn:acme:1.0:User:x'],
    [{ toString: 'x' }, 'toString'],
  ])('names what %j changes [US10]', (profile, name) => {
    expect(profileDifferences(record, sent(profile))).toEqual([name]);
  });
});

describe('mergeProfile', () => {
  it('replaces what is sent and keeps the rest, sub-attributes and extensions included [US10]', () => {
    const put = sent(
      { Title: 'Prof', name: { givenName: 'Eve' }, [ENTERPRISE_URN]: { department: 'Ops' } },
      'eve@x.org',
    );
    const merged = mergeProfile(record, put);
    expect(merged).toEqual({
      userName: 'eve@x.org',
      profile: {
        Title: 'Prof',
        name: { givenName: 'Eve', familyName: 'King' },
        emails: record.profile['emails'],
        [ENTERPRISE_URN]: { department: 'Ops', manager: { value: 'm1' } },
      },
    });
    expect(profileDifferences(merged, put)).toEqual([]);
  });

  it.each<[JsonObject]>([[{ emails: null }], [{ emails: [] }], [{}]])(
    'never drops the address of the identity for %j (JumpCloud) [US10]',
    (profile) => {
      expect(mergeProfile(record, sent(profile))).toEqual(record);
    },
  );
});

describe('changedAttributes', () => {
  it('names what came, changed and went', () => {
    const after = sent({
      title: 'Prof',
      nickName: 'A',
      name: record.profile['name'] ?? null,
      emails: record.profile['emails'] ?? null,
    });
    expect(changedAttributes(record, after).sort()).toEqual(
      ['title', 'nickName', `${ENTERPRISE_URN}:department`, `${ENTERPRISE_URN}:manager`].sort(),
    );
    expect(changedAttributes(record, structuredClone(record))).toEqual([]);
  });

  it('sees that a sub-attribute went, which absence in a PUT does not say', () => {
    const before = sent({ name: { givenName: 'Ada', familyName: 'King' } });
    const after = sent({ name: { givenName: 'Ada' } });
    expect(changedAttributes(before, after)).toEqual(['name']);
    expect(profileDifferences(before, after)).toEqual([]);
  });
});
