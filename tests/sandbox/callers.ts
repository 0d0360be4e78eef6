import { afterEach } from '@jest/globals';

import { startSandbox, type Sandbox, type StartOptions } from '../../src/sandbox/server.js';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed JSON; undefined when the answer was none. */
  readonly body: unknown;
}

/** Sends one call with one credential; a body goes out as JSON. */
export type Caller = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Reply>;

export interface Callers {
  readonly sandbox: Sandbox;
  /** Basic with the classic token, and the header that Confluence wants on writes. */
  readonly site: Caller;
  /** The organization key; paths start below `/admin/v2/orgs/{orgId}`. */
  readonly org: Caller;
  /** The same, below `/directories/-`. */
  readonly directory: Caller;
  /** The scoped token. */
  readonly scoped: Caller;
  /** No credential at all. */
  readonly anonymous: Caller;
}

const open: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
});

/** Starts a sandbox that closes after the test, and callers for each credential. */
export async function startCallers(options?: StartOptions): Promise<Callers> {
  const sandbox = await startSandbox(options);
  open.push(sandbox);
  const { apiToken, scopedToken, adminEmail, orgApiKey, orgId } = sandbox.credentials;
  const noCheck = { 'X-Atlassian-Token': 'no-check' };
  const org = caller(`${sandbox.url}/admin/v2/orgs/${orgId}`, { Authorization: `Bearer ${orgApiKey}` });
  return {
    sandbox,
    site: caller(sandbox.url, { Authorization: basic(adminEmail, apiToken), ...noCheck }),
    scoped: caller(sandbox.url, { Authorization: basic(adminEmail, scopedToken), ...noCheck }),
    anonymous: caller(sandbox.url, noCheck),
    org,
    directory: (method, path, ...rest) => org(method, `/directories/-${path}`, ...rest),
  };
}

export function basic(email: string, token: string): string {
  return `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`;
}

export function caller(base: string, credential: Readonly<Record<string, string>>): Caller {
  return async (method, path, body, headers = {}) => {
    const reply = await fetch(base + path, {
      method,
      headers: { ...credential, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await reply.text();
    return { status: reply.status, headers: reply.headers, text, body: parse(text) };
  };
}

/** The value at a path of keys inside parsed JSON; undefined where there is none. */
export function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

/** One field of every item of a list, for example the names on a page of groups. */
export function each(list: unknown, key: string): readonly unknown[] {
  return Array.isArray(list) ? list.map((item) => at(item, key)) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
