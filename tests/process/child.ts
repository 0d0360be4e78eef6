import { freePort, startServe as startProcess } from '../../scripts/endurance/serve.js';
import type { Sandbox } from '../../src/sandbox/server.js';

const TOKEN = 'okta-secret-0123456789abcdef';

/** A `serve` in a process of its own, as an operator runs it. */
export interface ServeProcess {
  /** Base address, without `/scim/v2`. */
  readonly url: string;
  scim(
    method: string,
    path: string,
    body?: object,
    token?: string,
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>;
  /** `kill -9`: nothing is flushed, nothing says goodbye. */
  kill(): Promise<void>;
}

/** Starts the built bridge (`npm test` builds first) on a database file and waits until it is ready. */
export async function startServe(
  sandbox: Sandbox,
  databaseFile: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServeProcess> {
  const port = await freePort();
  const { credentials } = sandbox;
  const serve = startProcess({
    cwd: '.',
    port,
    env: {
      ATLASSIAN_SITE_URL: sandbox.url,
      ATLASSIAN_API_URL: sandbox.url,
      ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
      ATLASSIAN_API_TOKEN: credentials.apiToken,
      SCIM_TOKENS: `okta:${TOKEN}`,
      DATABASE_URL: `file:${databaseFile}`,
      LOG_LEVEL: 'error',
      ...settings,
    },
  });
  const base = `http://127.0.0.1:${port}`;
  await serve.ready();
  return {
    url: base,
    async scim(method, path, body, token = TOKEN) {
      const response = await fetch(`${base}/scim/v2${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const { status, headers } = response;
      return { status, headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },
    kill: () => serve.kill(),
  };
}
