/**
 * What both scenarios stand on: a SCIM client that sends exactly what it is told, and a run of named checks.
 * A scenario is a process of its own: `node <scenario>.mjs URL`, the token in SCIM_TOKEN. It prints one JSON line a check.
 */
import { isDeepStrictEqual } from 'node:util';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

/**
 * @typedef {{ status: number, headers: Headers, body: any }} Answer body is undefined when there is none
 * @typedef {(method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>} Send
 * @typedef {{ name: string, run: () => Promise<void> }} Check
 */

/**
 * @param {string} url base address, up to `/scim/v2`
 * @param {string} token
 * @param {string} contentType of bodies, and what is accepted
 * @returns {Send}
 */
export function createClient(url, token, contentType) {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        Accept: contentType,
        ...(body === undefined ? {} : { 'Content-Type': contentType }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
}

/** A PATCH message. @param {...object} operations */
export function patch(...operations) {
  return { schemas: [PATCH_OP], Operations: operations };
}

/** The address of a filtered list. @param {string} path @param {string} filter @param {string} [more] */
export function filtered(path, filter, more = '') {
  return `${path}?filter=${encodeURIComponent(filter)}${more}`;
}

/** @param {Answer} answer @param {...number} statuses any of them */
export function expectStatus(answer, ...statuses) {
  if (!statuses.includes(answer.status)) {
    throw new Error(
      `status ${answer.status} instead of ${statuses.join(' or ')}: ${answer.body?.detail ?? 'no detail'}`,
    );
  }
}

/** @param {Answer} answer @param {number} status */
export function expectError(answer, status) {
  expectStatus(answer, status);
  expectEqual('schemas', answer.body?.schemas, [ERROR]);
  expectEqual('status', answer.body?.status, String(status));
  if (typeof answer.body.detail !== 'string' || answer.body.detail === '') throw new Error('the error has no detail');
}

/** @param {Answer} answer @param {number} total */
export function expectTotal(answer, total) {
  expectStatus(answer, 200);
  expectEqual('totalResults', answer.body.totalResults, total);
  expectEqual('number of Resources', (answer.body.Resources ?? []).length, total);
}

/** @param {string} what @param {unknown} actual @param {unknown} expected */
export function expectEqual(what, actual, expected) {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what} is ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  }
}

/**
 * Runs the checks in order, each to its end even when one before it failed, and prints a line for each.
 * @param {(send: Send, suffix: string) => Check[]} scenario the suffix makes names unique on a server that is not empty
 * @param {string} contentType
 */
export async function runScenario(scenario, contentType) {
  const [url] = process.argv.slice(2);
  const token = process.env.SCIM_TOKEN;
  if (url === undefined || token === undefined) {
    console.error('Usage: SCIM_TOKEN=… node <scenario>.mjs URL');
    process.exit(2);
  }
  const suffix = Date.now().toString(36);
  for (const { name, run } of scenario(createClient(url.replace(/\/+$/, ''), token, contentType), suffix)) {
    let reason;
    try {
      await run();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    console.log(
      JSON.stringify({ check: name, outcome: reason === undefined ? 'pass' : 'fail', ...(reason && { reason }) }),
    );
  }
}
