import { afterEach } from '@jest/globals';
import { connect } from '../../src/atlassian/connection.js';
import { upstreamConfig } from '../../src/bridge.js';
import { systemClock } from '../../src/clock.js';
import { readConfig, type Config } from '../../src/config.js';
import { type Check, examine, type CheckName, type Finding } from '../../src/doctor/check.js';
import { SITE_CHECKS } from '../../src/doctor/checks.js';
import { type Questions, questionsTo } from '../../src/doctor/questions.js';
import type { Clock } from '../../src/provisioning/call.js';
import { startSandbox, type Sandbox, type StartOptions } from '../../src/sandbox/server.js';

/** Real time, without the waits between attempts. */
export const briskClock: Clock = { now: Date.now, sleep: () => systemClock.sleep(1) };

const open: Sandbox[] = [];

afterEach(async () => {
  for (const sandbox of open.splice(0)) await sandbox.close();
});

/** A sandbox that is closed after the test; with an organization key and without Jira unless told otherwise. */
export async function startSite(options: StartOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ jira: false, ...options });
  open.push(sandbox);
  return sandbox;
}

/** The settings that fit a sandbox, as variables of the environment. */
export function settingsFor({ url, credentials, options }: Sandbox): Record<string, string> {
  return {
    ATLASSIAN_SITE_URL: url,
    ATLASSIAN_API_URL: url,
    ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
    ATLASSIAN_API_TOKEN: credentials.apiToken,
    ...(options.organization
      ? { ATLASSIAN_ORG_ID: credentials.orgId, ATLASSIAN_ORG_API_KEY: credentials.orgApiKey }
      : {}),
    SCIM_TOKENS: 'okta:okta-secret-0123456789abcdef',
  };
}

export function configFor(sandbox: Sandbox, settings: Readonly<Record<string, string>> = {}): Config {
  return readConfig({ ...settingsFor(sandbox), ...settings });
}

/** What the doctor finds on a site. */
export async function examineSite(
  sandbox: Sandbox,
  {
    settings = {},
    clock = briskClock,
    checks = SITE_CHECKS,
  }: {
    settings?: Readonly<Record<string, string>>;
    clock?: Clock;
    checks?: readonly Check<Questions>[];
  } = {},
): Promise<readonly Finding[]> {
  const config = configFor(sandbox, settings);
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    return await examine(checks, questionsTo(config, connection, clock));
  } finally {
    connection.close();
  }
}

/** The only finding of a check. */
export function findingOf(findings: readonly Finding[], check: CheckName): Finding {
  const [finding, ...more] = findings.filter((one) => one.check === check);
  if (finding === undefined || more.length > 0) throw new Error(`There is not one finding of ${check}.`);
  return finding;
}

export function checksWith(findings: readonly Finding[], status: Finding['status']): CheckName[] {
  return findings.filter((finding) => finding.status === status).map(({ check }) => check);
}
