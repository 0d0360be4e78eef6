import { describe, expect, it } from '@jest/globals';
import { Failure } from '../../src/provisioning/failure.js';
import type { AccessType } from '../../src/provisioning/directory.js';
import type { IndexedGroup } from '../../src/provisioning/store.js';
import { resolveAccess } from '../../src/roster/accessGroups.js';

function group(name: string, ...accessTypes: AccessType[]): IndexedGroup {
  return {
    id: `id-of-${name}`,
    name,
    usageType: 'USERBASE_GROUP',
    managedBy: 'ADMINS',
    accessTypes,
    firstSeenAt: '2026-01-15T09:00:00.000Z',
  };
}

const users = group('confluence-users', 'user');
const emea = group('confluence-emea', 'user');
const admins = group('confluence-admins', 'user', 'admin');
const siteAdmins = group('site-admins', 'site-admin');

function failureOf(granting: readonly IndexedGroup[], configured: readonly string[]): Failure {
  try {
    resolveAccess(granting, configured);
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error('It was expected to fail.');
}

describe('resolveAccess', () => {
  it('finds the only group that grants use by itself [SA1]', () => {
    const access = resolveAccess([users, siteAdmins], []);

    expect(access.accessGroups).toEqual([users]);
    expect([...access.granting.keys()]).toEqual([users.id, siteAdmins.id]);
  });

  it('passes over a group that grants administration, too [US8]', () => {
    expect(resolveAccess([admins, users], []).accessGroups).toEqual([users]);
  });

  it('keeps the configured order, whatever the letter case, and each group once [SA1]', () => {
    expect(
      resolveAccess([users, emea], ['Confluence-EMEA', 'confluence-users', 'confluence-emea']).accessGroups,
    ).toEqual([emea, users]);
  });

  it('asks which of several groups is meant, with a line to paste [SA1]', () => {
    const failure = failureOf([users, emea, admins], []);

    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users,confluence-emea');
    expect(failure.message).not.toContain('confluence-admins');
  });

  it.each([
    ['does not exist', 'confluence-typo'],
    ['grants administration only', 'site-admins'],
  ])('names a configured group that %s and the candidates [SA1]', (_, name) => {
    const failure = failureOf([users, siteAdmins], ['confluence-users', name]);

    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain(`"${name}"`);
    expect(failure.message).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users');
  });

  it('puts nobody into a group that makes administrators, even when it is configured [US8]', () => {
    const failure = failureOf([users, admins], ['confluence-admins']);

    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('"confluence-admins"');
  });

  it('says so when every group that grants use makes administrators', () => {
    expect(failureOf([admins], []).kind).toBe('misconfigured');
  });

  it('does not believe that nothing grants use [SA2]', () => {
    expect(failureOf([siteAdmins], ['confluence-users'])).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 60 });
  });
});
