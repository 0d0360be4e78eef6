import { afterEach } from '@jest/globals';
import { type AtlassianDirectory, createDirectory } from '../../src/atlassian/backends.js';
import type { Connection, TokenKind } from '../../src/atlassian/connection.js';
import { createProbes, type Probes } from '../../src/atlassian/probes.js';
import type { Call } from '../../src/provisioning/call.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { startSandbox, type Sandbox, type StartOptions } from '../../src/sandbox/server.js';
import { callOf, connectTo, testClock } from './upstream.js';

/** A sandbox and the client's view of it. */
export interface Site {
  readonly sandbox: Sandbox;
  readonly directory: AtlassianDirectory;
  readonly probes: Probes;
  readonly connection: Connection;
  /** A new call with a whole budget. */
  readonly call: () => Call;
}

const open: Site[] = [];
afterEach(async () => {
  for (const { connection, sandbox } of open.splice(0)) {
    connection.close();
    await sandbox.close();
  }
});

export async function startSite(
  backEnd: BackEnd,
  options: StartOptions = {},
  tokenKind: TokenKind = 'classic',
): Promise<Site> {
  const sandbox = await startSandbox(options);
  const { adminEmail, apiToken, scopedToken, orgId, orgApiKey } = sandbox.credentials;
  const clock = testClock();
  const connection = connectTo(sandbox.url, clock, {
    adminEmail,
    tokenKind,
    apiToken: tokenKind === 'classic' ? apiToken : scopedToken,
    orgId,
    orgApiKey,
  });
  const site: Site = {
    sandbox,
    connection,
    directory: createDirectory(connection, backEnd),
    probes: createProbes(connection),
    call: () => callOf(clock),
  };
  open.push(site);
  return site;
}
