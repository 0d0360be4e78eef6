import { describe, expect, it } from '@jest/globals';
import type { Failure } from '../../src/provisioning/failure.js';
import type { IndexedGroup } from '../../src/provisioning/indexRecords.js';
import { resolveAccess } from '../../src/roster/accessGroups.js';

function group(name: string, ...accessTypes: IndexedGroup['accessTypes']): IndexedGroup {
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
const former = group('confluence-former', 'configured');

function troubleOf(granting: readonly IndexedGroup[], configured: readonly string[]): Failure {
  const access = resolveAccess(granting, configured);
  expect([...access.granting.values()]).toEqual(granting);
  expect(access.accessGroups).toEqual([]);
  if (access.trouble === undefined) throw new Error('Trouble was expected.');
  return access.trouble;
}

describe('resolveAccess', () => {
  it('finds the only group that grants use by itself [SA1]', () => {
    const access = resolveAccess([users, siteAdmins], []);

    expect(access.accessGroups).toEqual([users]);
    expect(access.trouble).toBeUndefined();
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
    const trouble = troubleOf([users, emea, admins], []);

    expect(trouble.kind).toBe('misconfigured');
    expect(trouble.message).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users,confluence-emea');
    expect(trouble.message).not.toContain('confluence-admins');
  });

  it.each([
    ['does not exist', 'confluence-typo'],
    ['grants administration only', 'site-admins'],
    ['does not grant any more', 'confluence-former'],
  ])('names a configured group that %s and the candidates [SA1]', (_, name) => {
    const trouble = troubleOf([users, siteAdmins, former], ['confluence-users', name]);

    expect(trouble.kind).toBe('misconfigured');
    expect(trouble.message).toContain(`"${name}"`);
    expect(trouble.message).toMatch(/CONFLUENCE_ACCESS_GROUPS=confluence-users$/);
  });

  it('puts nobody into a group that makes administrators, even when it is configured [US8]', () => {
    const trouble = troubleOf([users, admins], ['confluence-admins']);

    expect(trouble.kind).toBe('misconfigured');
    expect(trouble.message).toContain('"confluence-admins"');
  });

  it('says so when every group that grants use makes administrators', () => {
    expect(troubleOf([admins], []).kind).toBe('misconfigured');
  });

  it('does not believe that nothing grants use [SA2]', () => {
    expect(() => resolveAccess([siteAdmins, former], ['confluence-former'])).toThrow(
      expect.objectContaining({ kind: 'unavailable', retryAfterSeconds: 60 }),
    );
  });
});
