import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { OKTA_TOKEN, operations, startTestBridge, type TestBridge } from '../support/bridge.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/smoke.sh', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs the script as a process of its own, with nobody at its terminal. */
function smoke(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile('bash', [SCRIPT, ...args], { timeout: 25_000 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, output: stdout + stderr }),
    );
    child.stdin?.end();
  });
}

const withAccess = ({ sandbox }: TestBridge): readonly string[] => sandbox.membersOf(sandbox.groups.access.id);

describe('scripts/smoke.sh', () => {
  it('lives through a whole connection and leaves nothing behind', async () => {
    const bridge = await startTestBridge();
    const before = withAccess(bridge);

    const { code, output } = await smoke(`${bridge.url}/scim/v2`, OKTA_TOKEN);

    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('All as it should be.') });
    expect(operations(bridge.sandbox, 'writes')).toEqual([
      'organization.inviteUsers',
      'confluence.createGroup',
      'confluence.addMember',
      'confluence.removeMember',
      'confluence.removeMember',
      'confluence.addMember',
      'confluence.deleteGroup',
      'confluence.removeMember',
    ]);
    expect(withAccess(bridge)).toEqual(before);
  });

  it('stops at the first answer that is not as it should be, and shows it', async () => {
    const bridge = await startTestBridge();

    const { code, output } = await smoke(`${bridge.url}/scim/v2`, 'not-the-token-of-anybody');

    expect(code).toBe(1);
    expect(output).toContain('was answered 401 instead of 200');
    expect(output).not.toContain('not-the-token-of-anybody');
  });

  it('deletes what it created, also when a step fails', async () => {
    const bridge = await startTestBridge();
    const before = withAccess(bridge);
    bridge.sandbox.faults.always({ status: 400, method: 'POST', path: /\/rest\/api\/group$/ });

    const { code, output } = await smoke(`${bridge.url}/scim/v2`, OKTA_TOKEN);

    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('FAILED  create the group') });
    expect(withAccess(bridge)).toEqual(before);
  });

  it('asks before it touches a site that is not on this machine', async () => {
    const { code, output } = await smoke('https://scim.example.invalid/scim/v2', OKTA_TOKEN);

    expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining('Nothing was sent.') });
  });
});
