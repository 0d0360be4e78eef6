import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { OKTA_TOKEN, operations, startTestBridge, type TestBridge } from '../support/bridge.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/smoke.sh', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs the script as a process of its own, with nobody at its terminal. */
function smoke(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: 25_000, env: { ...process.env, ...env } };
    const child = execFile('bash', [SCRIPT, ...args], options, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, output: stdout + stderr }),
    );
    child.stdin?.end();
  });
}

const withAccess = ({ sandbox }: TestBridge): readonly string[] => sandbox.membersOf(sandbox.groups.access.id);

/** The script's own needs; the project's tests have none but Node. */
const isMissing = ['bash', 'curl'].filter((command) => spawnSync(command, ['--version']).error !== undefined);
if (isMissing.length > 0)
  console.warn(`SKIPPED: scripts/smoke.sh needs ${isMissing.join(' and ')}. Install it to test it.`);

(isMissing.length > 0 ? describe.skip : describe)('scripts/smoke.sh', () => {
  it('lives through a whole connection and leaves nothing behind', async () => {
    const bridge = await startTestBridge();
    const before = withAccess(bridge);

    const { code, output } = await smoke([`${bridge.url}/scim/v2`, OKTA_TOKEN]);

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

    const { code, output } = await smoke([`${bridge.url}/scim/v2`, 'not-the-token-of-anybody']);

    expect(code).toBe(1);
    expect(output).toContain('was answered 401 instead of 200');
    expect(output).not.toContain('not-the-token-of-anybody');
  });

  it('deletes what it created, also when a step fails', async () => {
    const bridge = await startTestBridge();
    const before = withAccess(bridge);
    bridge.sandbox.faults.always({ status: 400, method: 'POST', path: /\/rest\/api\/group$/ });

    const { code, output } = await smoke([`${bridge.url}/scim/v2`, OKTA_TOKEN]);

    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('FAILED  create the group') });
    expect(withAccess(bridge)).toEqual(before);
  });

  it('takes nothing from somebody who is there already, whatever the address has in it', async () => {
    const bridge = await startTestBridge();
    const { accountId } = bridge.sandbox.addPerson({ email: 'eve+work@example.com' });
    bridge.sandbox.addMember(bridge.sandbox.groups.access.id, accountId);
    await bridge.scan();
    const before = withAccess(bridge);

    const { code, output } = await smoke([`${bridge.url}/scim/v2`, OKTA_TOKEN], {
      SMOKE_EMAIL: 'eve+work@example.com',
    });

    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining('"totalResults":1') });
    expect(withAccess(bridge)).toEqual(before);
  });

  it.each(['eve"@example.com', 'eve&x@example.com', 'eve'])(
    'refuses the address %s before it sends anything',
    async (email) => {
      const { code, output } = await smoke(['http://127.0.0.1:9/scim/v2', OKTA_TOKEN], { SMOKE_EMAIL: email });

      expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining('plain e-mail address') });
    },
  );

  it('goes well under the settings that answer otherwise, and says which group stays', async () => {
    const bridge = await startTestBridge({ settings: { PROFILE_UPDATES: 'record', GROUP_DELETE: 'never' } });

    const { code, output } = await smoke([`${bridge.url}/scim/v2//`, OKTA_TOKEN]);

    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/The group smoke-\S+ stays\./) });
  });

  it('asks before it touches a site that is not on this machine', async () => {
    for (const url of ['https://scim.example.invalid/scim/v2', 'http://localhost:1@scim.example.invalid/scim/v2']) {
      const { code, output } = await smoke([url, OKTA_TOKEN]);

      expect({ code, output }).toEqual({ code: 2, output: expect.stringContaining('Nothing was sent.') });
    }
  });
});
