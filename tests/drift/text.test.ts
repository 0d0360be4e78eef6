import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../src/drift/findings.js';
import { driftJson } from '../../src/drift/json.js';
import { driftText } from '../../src/drift/text.js';

const FINDING: Finding = {
  kind: 'leaverHasAccess',
  person: { id: 'ada', accountId: 'acc', name: 'ada\u001b[2J@example.com', isProtected: true },
  groups: [{ id: 'g', name: '"users"' }],
  sinceIso: '2026-03-11T09:00:00.000Z',
  ownWrite: { personId: 'ada', groupId: 'g', isMember: false, at: '2026-03-11T09:00:01.000Z', caller: 'okta' },
  changedBy: 'others',
  what: 'Has access.',
};

describe('what drift prints', () => {
  it('is safe for a terminal, and says since when, who was last, and what to do [SA15]', () => {
    const text = driftText({
      findings: [FINDING],
      unread: [{ part: 'the group "x"', reason: 'No.' }],
      remarks: ['So.'],
    });

    expect(text).not.toContain('\u001b');
    expect(text.split('\n')).toEqual([
      '1 difference between the record and Confluence, as far as they could be compared.',
      '',
      'Deactivated, and has access (1):',
      '  ada\\u{1b}[2J@example.com, user ada, "users" (group g)',
      '    Has access.',
      '    the record says otherwise since 2026-03-11T09:00:00.000Z; the bridge took out last at 2026-03-11T09:00:01.000Z for okta; somebody else was last; protected, so that a repair leaves it',
      '  What to do: drift --repair takes the access again; so does active: false from the identity provider.',
      '',
      'Could not be compared, so that nothing is said about it:',
      '  the group "x": No.',
      '',
      'Also:',
      '  So.',
      '',
    ]);
  });

  it('is data with the same, and null for what there is none of [SA15]', () => {
    const gone: Finding = {
      ...FINDING,
      kind: 'groupGone',
      person: undefined,
      sinceIso: undefined,
      ownWrite: undefined,
    };
    const json = driftJson({ findings: [FINDING, gone], unread: [], remarks: [] }, '2026-03-11T10:00:00.000Z');

    expect(json).not.toContain('\u001b');
    expect(JSON.parse(json)).toMatchObject({
      comparedAt: '2026-03-11T10:00:00.000Z',
      findings: [
        {
          person: { id: 'ada', accountId: 'acc' },
          since: FINDING.sinceIso,
          ownWrite: { isMember: false, caller: 'okta' },
        },
        { person: null, since: null, ownWrite: null, isProtected: false },
      ],
      couldNotBeCompared: [],
    });
  });
});
