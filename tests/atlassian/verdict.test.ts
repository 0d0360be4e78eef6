import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../../src/atlassian/operation.js';
import { operation } from '../../src/atlassian/rights.js';
import { judgeCredential } from '../../src/atlassian/verdict.js';

const READ = operation('confluence.listGroups', 'read', 'readConfluence', 'list its groups');
const WRITE = operation('confluence.addMember', 'idempotent', 'writeGroups', 'add people to this group');
const SEARCH = operation('organization.findByEmail', 'read', 'organization', 'search people');

function answer(status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body, retryAfterSeconds: undefined, header: (name) => headers[name] };
}

const NOT_PERMITTED = '{"message":"Current user not permitted to use Confluence","statusCode":403}';
const SCOPE = '{"code":401,"message":"Unauthorized; scope does not match"}';
const ANONYMOUS = { 'x-seraph-loginreason': 'AUTHENTICATED_FAILED' };

describe('judgeCredential', () => {
  it.each([
    ['401', READ, answer(401)],
    ['401 to a write', WRITE, answer(401)],
    ['401 of the Organizations API', SEARCH, answer(401)],
    ["Confluence's 403 to whom it does not know", READ, answer(403, NOT_PERMITTED)],
    ['that 403 to a write', WRITE, answer(403, NOT_PERMITTED)],
    ["Jira's success that is meant for anybody", READ, answer(200, '[]', ANONYMOUS)],
  ])('takes %s for a refusal of the whole credential [SA5]', (_name, asked, given) => {
    expect(judgeCredential(asked, given)).toMatchObject({
      credential: asked.credential,
      isWhole: true,
      refusal: { kind: 'misconfigured' },
    });
  });

  it.each([
    ['in the body', answer(401, SCOPE)],
    ['in a header', answer(401, '{"code":401}', { 'x-failure-category': 'FAILURE_CLIENT_SCOPE_CHECK' })],
  ])(
    'takes a scope that is missing for one operation, said %s, for a right of that write only [SA5]',
    (_name, given) => {
      const verdict = judgeCredential(WRITE, given);

      expect(verdict).toMatchObject({ operation: WRITE.name, isWhole: false, refusal: { kind: 'misconfigured' } });
      expect(verdict?.refusal?.message).toContain('(confluence.addMember)');
      expect(verdict?.refusal?.message).toContain('write:confluence-groups (granular: write:group:confluence)');
      expect(verdict?.refusal?.upstream).toEqual({ operation: WRITE.name, status: 401, lacksScope: true });
    },
  );

  it.each([
    ['403', answer(403)],
    ['401 for lack of scope', answer(401, SCOPE)],
  ])('takes %s to a read for a right that is missing, and names it [SA5]', (_name, given) => {
    const verdict = judgeCredential(READ, given);

    expect(verdict).toMatchObject({ operation: READ.name, isWhole: false, refusal: { kind: 'misconfigured' } });
    expect(verdict?.refusal?.message).toContain('read:confluence-groups');
    expect(verdict?.refusal?.upstream).toMatchObject({ operation: READ.name, status: given.status });
  });

  it.each([
    ['403 to one write', WRITE, answer(403)],
    ['404', READ, answer(404)],
    ['429', READ, answer(429)],
    ['500', WRITE, answer(500)],
  ])('reads nothing about the credential out of %s', (_name, asked, given) => {
    expect(judgeCredential(asked, given)).toBeUndefined();
  });

  it.each([200, 201, 204])('takes %i for acceptance', (status) => {
    expect(judgeCredential(WRITE, answer(status))).toMatchObject({ credential: 'site', refusal: undefined });
  });

  it('has nothing to judge where no credential was sent', () => {
    expect(judgeCredential({ ...READ, credential: 'none' }, answer(401))).toBeUndefined();
  });
});
