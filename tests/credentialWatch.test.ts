import { describe, expect, it } from '@jest/globals';
import type { CredentialVerdict } from '../src/atlassian/verdict.js';
import { watchCredentials } from '../src/credentialWatch.js';
import { Health } from '../src/observability/health.js';
import { Failure } from '../src/provisioning/failure.js';

function startWatch() {
  const health = new Health(() => 0);
  const lines: string[] = [];
  const gauge: boolean[] = [];
  const operations: number[] = [];
  const watch = watchCredentials({
    health,
    metrics: {
      credentialRefused: (isRefused) => gauge.push(isRefused),
      operationsRefused: (count) => operations.push(count),
    },
    logger: { info: () => lines.push('info'), error: () => lines.push('error') },
  });
  const say = (operation: string, isWhole: boolean, isRefused: boolean, credential: 'site' | 'organization' = 'site') =>
    watch({
      credential,
      operation,
      isWhole,
      refusal: isRefused ? new Failure('misconfigured', `${operation} refused.`) : undefined,
    } satisfies CredentialVerdict);
  return { say, lines, gauge, operations, state: () => health.report().parts.credential };
}

describe('watchCredentials', () => {
  it('says nothing as long as the credential is accepted', () => {
    const { say, lines, gauge, state } = startWatch();

    say('listGroups', false, false);

    expect({ lines, gauge, state: state() }).toEqual({ lines: [], gauge: [], state: undefined });
  });

  it('logs a refusal once, and its end with the next success of whatever operation [SA5]', () => {
    const { say, lines, gauge, state } = startWatch();

    say('listGroups', true, true);
    say('listMembers', true, true);
    expect(lines).toEqual(['error']);
    expect(gauge).toEqual([true]);
    expect(state()).toEqual({ ok: false, message: 'listGroups refused.' });

    say('addMember', false, false);
    expect(lines).toEqual(['error', 'info']);
    expect(gauge).toEqual([true, false]);
    expect(state()).toEqual({ ok: true });
  });

  it('keeps a missing right in mind until that operation succeeds, whatever else does', () => {
    const { say, lines, state } = startWatch();

    say('listMembers', false, true);
    say('listGroups', false, false);
    say('listMembers', false, true);
    expect(lines).toEqual(['error']);
    expect(state()).toEqual({ ok: false, message: 'listMembers refused.' });

    say('listMembers', false, false);
    expect(lines).toEqual(['error', 'info']);
    expect(state()).toEqual({ ok: true });
  });

  it('counts missing rights apart from a refusal of the credential, and names each once [SA5]', () => {
    const { say, gauge, operations, state } = startWatch();

    say('addMember', false, true);
    say('deleteGroup', false, true);
    say('deleteGroup', false, true);
    expect({ gauge, operations }).toEqual({ gauge: [false, false], operations: [1, 2] });
    expect(state()).toEqual({ ok: false, message: 'addMember refused. deleteGroup refused.' });

    say('listGroups', true, true);
    expect({ gauge: gauge.at(-1), operations: operations.at(-1) }).toEqual({ gauge: true, operations: 2 });
    expect(state()).toEqual({ ok: false, message: 'listGroups refused.' });

    say('addMember', false, false);
    expect({ gauge: gauge.at(-1), operations: operations.at(-1) }).toEqual({ gauge: false, operations: 1 });
    expect(state()).toEqual({ ok: false, message: 'deleteGroup refused.' });
  });

  it('keeps the credentials of site and organization apart', () => {
    const { say, lines, state } = startWatch();

    say('findByEmail', true, true, 'organization');
    say('listGroups', false, false, 'site');
    expect(state()).toEqual({ ok: false, message: 'findByEmail refused.' });

    say('listGroups', true, true, 'site');
    say('findByEmail', false, false, 'organization');
    expect(lines).toEqual(['error', 'error']);
    expect(state()).toEqual({ ok: false, message: 'listGroups refused.' });
  });
});
