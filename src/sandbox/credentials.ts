import { randomUUID } from 'node:crypto';

import type { CredentialKind } from './calls.js';
import { Refusal, SCOPE_MISMATCH } from './errors.js';
import type { Route } from './http.js';
import type { SandboxOptions } from './options.js';
import { allows } from './scopes.js';

/** What a caller needs to talk to the sandbox. None of it opens anything else. */
export interface Credentials {
  readonly adminEmail: string;
  /** Classic token, for the site's own address; a service account has none, and its own is refused. */
  readonly apiToken: string;
  /** Scoped token, for the `/ex/…` gateway. */
  readonly scopedToken: string;
  readonly orgId: string;
  readonly orgApiKey: string;
  readonly cloudId: string;
}

export type CredentialName = 'apiToken' | 'scopedToken' | 'orgApiKey';

/** Recognizable values, so that a test can prove that they never reach a log. */
export function makeCredentials({ siteAccount }: Pick<SandboxOptions, 'siteAccount'>): Credentials {
  return {
    adminEmail: siteAccount === 'person' ? 'admin@example.com' : 'scim-bridge-7f3a@serviceaccount.atlassian.com',
    apiToken: `sandbox-classic-${randomUUID()}`,
    scopedToken: `sandbox-scoped-${randomUUID()}`,
    orgId: randomUUID(),
    orgApiKey: `sandbox-organization-${randomUUID()}`,
    cloudId: randomUUID(),
  };
}

/** Which of our credentials an `Authorization` header holds. A revoked one is `unknown`, as it is to Atlassian. */
export function credentialKind(
  header: string | undefined,
  credentials: Credentials,
  revoked: ReadonlySet<CredentialName>,
): CredentialKind {
  if (header === undefined) return 'none';
  const space = header.indexOf(' ');
  const scheme = header.slice(0, space).toLowerCase();
  const value = header.slice(space + 1).trim();
  if (scheme === 'bearer') {
    return value === credentials.orgApiKey && !revoked.has('orgApiKey') ? 'organization' : 'unknown';
  }
  if (scheme !== 'basic') return 'unknown';
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (pair.slice(0, colon).toLowerCase() !== credentials.adminEmail) return 'unknown';
  const token = pair.slice(colon + 1);
  if (token === credentials.apiToken && !revoked.has('apiToken')) return 'classic';
  if (token === credentials.scopedToken && !revoked.has('scopedToken')) return 'scoped';
  return 'unknown';
}

/** Where a call came in: at the site's address or through the gateway of `api.atlassian.com`. */
export type Entrance = 'site' | 'gateway';

/**
 * Refuses a call whose credential does not fit its entrance or lacks a right, in the words of the route's surface.
 *
 * @returns headers for the answer, whatever it will be
 * @throws Refusal
 */
export function authorize(
  route: Route,
  kind: CredentialKind,
  entrance: Entrance,
  options: SandboxOptions,
): Readonly<Record<string, string>> {
  if (route.right === 'nobody in particular') return {};
  if (route.surface === 'organization') {
    if (kind !== 'organization' || !options.organization) {
      throw new Refusal(401, 'The organization API key is missing, wrong or expired.', { code: 'ADMIN-401-1' });
    }
    return {};
  }
  if (entrance === 'gateway' && kind !== 'scoped') {
    if (kind === 'classic') throw new Refusal(401, SCOPE_MISMATCH.body.message, SCOPE_MISMATCH);
    throw new Refusal(401, 'Unauthorized', { body: { code: 401, message: 'Unauthorized' } });
  }
  if (entrance === 'gateway' && !allows(options.tokenScopes, route.operation)) {
    throw new Refusal(401, SCOPE_MISMATCH.body.message, SCOPE_MISMATCH);
  }
  if (entrance === 'site' && kind === 'scoped') {
    throw new Refusal(401, 'Client must be authenticated to access this resource.');
  }
  const isKnown = kind === 'classic' || kind === 'scoped';
  return route.surface === 'jira'
    ? authorizeJira(route, isKnown, kind, options)
    : authorizeConfluence(route, isKnown, options);
}

/** Confluence treats a credential it does not know as an anonymous visitor, who may do nothing here. */
function authorizeConfluence(
  route: Route,
  isKnown: boolean,
  options: SandboxOptions,
): Readonly<Record<string, string>> {
  if (!isKnown || options.rights === 'none') {
    if (route.surface === 'confluence v2') {
      // The document of users-bulk knows no 401: whoever may not use Confluence is told 404.
      if (!isKnown && !route.operation.endsWith('usersBulk')) throw new Refusal(401, 'Unauthorized');
      throw new Refusal(404, 'Not Found');
    }
    if (!isKnown && route.isWrite) throw new Refusal(401, 'Client must be authenticated to access this resource.');
    const message = 'Current user not permitted to use Confluence';
    throw new Refusal(403, message, { body: { message, statusCode: 403 } });
  }
  if (route.right === 'site admin' && options.rights !== 'site-admin') {
    throw new Refusal(403, 'The calling user is not a site admin.');
  }
  return {};
}

/** Jira says in a header what became of the log-in, and serves some calls to anybody. */
function authorizeJira(
  route: Route,
  isKnown: boolean,
  kind: CredentialKind,
  options: SandboxOptions,
): Readonly<Record<string, string>> {
  const reason = isKnown ? 'OK' : kind === 'none' ? undefined : 'AUTHENTICATED_FAILED';
  const headers = reason === undefined ? {} : { 'X-Seraph-LoginReason': reason };
  if (!isKnown) {
    if (route.right === 'anonymous too') return headers;
    throw new Refusal(401, 'You are not authenticated. Authentication required to perform this operation.', {
      headers,
    });
  }
  if (route.right === 'site admin' && options.rights !== 'site-admin') {
    throw new Refusal(403, 'You do not have the permission to do this.', { headers });
  }
  return headers;
}
