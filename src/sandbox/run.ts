import type { ReceivedCall } from './calls.js';
import { startSandbox, type Sandbox, type StartOptions } from './server.js';

export interface RunOptions extends StartOptions {
  /** Where the text goes; standard output when absent. */
  readonly write?: (text: string) => void;
}

/** Where a sandbox that is used by hand listens, unless told otherwise. */
const PORT = 8081;

/**
 * Starts a sandbox to be used by hand, with a few people and groups in it, and prints how to reach it: the settings for
 * the bridge, and calls to try. Every call it receives is printed as one line.
 */
export async function runSandbox({ write = writeOut, ...start }: RunOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    port: PORT,
    seed: {
      people: [
        { email: 'ada@example.com', displayName: 'Ada Lovelace', access: true },
        { email: 'grace@example.com', displayName: 'Grace Hopper', access: true },
        { email: 'alan@example.com', displayName: 'Alan Turing', access: true, emailVisible: false },
        { email: 'hedy@example.com', displayName: 'Hedy Lamarr' },
      ],
      groups: [{ name: 'engineering', members: ['ada@example.com', 'grace@example.com'] }, { name: 'research' }],
    },
    ...start,
    onEnd(call) {
      sandbox.takeCalls();
      write(`${describeCall(call)}\n`);
    },
  });
  write(`${instructions(sandbox)}\n`);
  return sandbox;
}

function describeCall({ method, path, status, operation }: ReceivedCall): string {
  return `${status ?? 'dropped'} ${method} ${path} ${operation ?? '(unknown route)'}`;
}

function instructions({ url, credentials, groups, options }: Sandbox): string {
  const basic = `-u '${credentials.adminEmail}:${credentials.apiToken}'`;
  const json = `-H 'Content-Type: application/json'`;
  const bearer = `-H 'Authorization: Bearer ${credentials.orgApiKey}'`;
  const search = `${url}/admin/v2/orgs/${credentials.orgId}/directories/-/users/search`;
  return [
    `Atlassian sandbox at ${url}, with${options.jira ? '' : 'out'} Jira, with${options.organization ? '' : 'out'} an organization key.`,
    'Its people and credentials are made up and gone when it stops.',
    '',
    'Settings for the bridge:',
    '',
    `ATLASSIAN_SITE_URL=${url}`,
    `ATLASSIAN_API_URL=${url}`,
    `ATLASSIAN_ADMIN_EMAIL=${credentials.adminEmail}`,
    `ATLASSIAN_API_TOKEN=${credentials.apiToken}`,
    ...(options.organization
      ? [`ATLASSIAN_ORG_ID=${credentials.orgId}`, `ATLASSIAN_ORG_API_KEY=${credentials.orgApiKey}`]
      : []),
    `CONFLUENCE_ACCESS_GROUPS=${groups.access.name}`,
    'SCIM_TOKENS=curl:sandbox-scim-token',
    'DATABASE_URL=file:./data/sandbox.db',
    '',
    `For a scoped token: ATLASSIAN_TOKEN_KIND=scoped and ATLASSIAN_API_TOKEN=${credentials.scopedToken}`,
    '',
    'Try it:',
    '',
    `curl ${basic} '${url}/wiki/rest/api/group'`,
    `curl ${basic} -H 'X-Atlassian-Token: no-check' ${json} -d '{"name":"design"}' '${url}/wiki/rest/api/group'`,
    ...(options.jira ? [`curl ${basic} '${url}/rest/api/3/user/search?query=ada@example.com'`] : []),
    ...(options.organization ? [`curl ${bearer} ${json} -d '{"emails":["ada@example.com"]}' '${search}'`] : []),
    '',
  ].join('\n');
}

function writeOut(text: string): void {
  process.stdout.write(text);
}
