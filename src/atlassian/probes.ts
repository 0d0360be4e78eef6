import { z } from 'zod';
import type { Call } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import type { Client } from './client.js';
import type { Connection } from './connection.js';
import { findByEmail, jiraAccess, type JiraAccess } from './jira.js';
import { probeOrganization, tokenExpiries } from './organization.js';
import { fail, readJson } from './responses.js';
import { operation } from './rights.js';
import type { ScopedOperation } from './scopes.js';
import { tryScopes, type ScopeTrial } from './scopeTrials.js';

const CURRENT_USER = operation('confluence.getCurrentUser', 'read', 'readConfluence', 'use Confluence');

/** The account behind the site credential. */
export interface CurrentUser {
  readonly accountId: string;
  /** No person: Atlassian calls it an app. */
  readonly isServiceAccount: boolean;
  /** Atlassian's clock, milliseconds since the epoch, to the second; undefined when it was not sent. */
  readonly serverTimeMs: number | undefined;
}

/** Questions about credentials and rights that a start and `doctor` ask. Like the Directory they throw only Failures. */
export interface Probes {
  /**
   * `GET /wiki/rest/api/user/current`.
   *
   * @throws Failure `misconfigured` also when Atlassian serves us as anonymous
   */
  currentUser(call: Call): Promise<CurrentUser>;
  /** `GET /_edge/tenant_info`, without a credential; answered once, then known. */
  tenantInfo(call: Call): Promise<{ readonly cloudId: string }>;
  /** `GET /rest/api/3/mypermissions`. */
  jiraAccess(call: Call): Promise<JiraAccess>;
  /**
   * `POST /admin/v2/orgs/{orgId}/directories/-/users/search`.
   *
   * @throws Failure `misconfigured` when the key or organization id is refused, or when there is none
   */
  organization(call: Call): Promise<void>;
  /**
   * What the site token is at the address of the other ATLASSIAN_TOKEN_KIND. Worth asking after a 401. A gateway that
   * misses a scope knows the token; it says so of classic tokens, too.
   */
  atOtherAddress(call: Call): Promise<'accepted' | 'lacksScope' | 'refused'>;
  /**
   * When each API token of the account expires, as `tokenExpiries` of the organization tells; undefined also without an
   * organization credential.
   */
  tokenExpiries(accountId: string, call: Call): Promise<readonly (number | undefined)[] | undefined>;
  /** Which scopes the site token has, tried in ways that change nothing; `open` makes the call of one trial. */
  tryScopes(
    operations: readonly ScopedOperation[],
    open: () => Call,
    sendsWrites: boolean,
  ): Promise<readonly ScopeTrial[]>;
  /**
   * Whether Jira's search shows addresses, tried with the admin's own. One that does not can find nobody, so that
   * people who have an account look like new ones.
   */
  jiraShowsAddresses(call: Call): Promise<boolean>;
}

export function createProbes(connection: Connection): Probes {
  const { config, confluence, jira, organization, otherKind } = connection;
  return {
    currentUser: (call) => currentUser(confluence, call),
    tenantInfo: async (call) => ({ cloudId: await connection.cloudId(call) }),
    jiraAccess: (call) => jiraAccess(jira, call),
    async organization(call) {
      if (organization !== undefined) return probeOrganization(organization, call);
      const sentence = 'The bridge has no organization credential. ';
      throw new Failure('misconfigured', `${sentence}Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY.`);
    },
    async atOtherAddress(call) {
      try {
        await currentUser(otherKind, call);
        return 'accepted';
      } catch (error) {
        const failure = Failure.from(error);
        if (failure.upstream?.lacksScope === true) return 'lacksScope';
        if (failure.kind === 'misconfigured' || failure.kind === 'notFound') return 'refused';
        throw failure;
      }
    },
    async tokenExpiries(accountId, call) {
      return organization === undefined ? undefined : tokenExpiries(organization, accountId, call);
    },
    tryScopes: (operations, open, sendsWrites) => tryScopes(connection, operations, open, sendsWrites),
    async jiraShowsAddresses(call) {
      return (await findByEmail(jira, config.adminEmail, call)).kind !== 'none';
    },
  };
}

const userShape = z.object({
  type: z.string(),
  accountId: z.string().nullish(),
  accountType: z.string().nullish(),
});

async function currentUser(client: Client, call: Call): Promise<CurrentUser> {
  const answer = await client.send(CURRENT_USER, { method: 'GET', path: '/wiki/rest/api/user/current' }, call);
  const user = readJson(CURRENT_USER, answer, 200, userShape);
  if (user.type === 'anonymous' || !user.accountId) {
    const sentence = "Atlassian does not recognise the bridge's API token. ";
    const advice = 'The operator should check ATLASSIAN_ADMIN_EMAIL, ATLASSIAN_API_TOKEN and ATLASSIAN_TOKEN_KIND.';
    throw fail('misconfigured', sentence + advice, CURRENT_USER, answer);
  }
  const serverTimeMs = Date.parse(answer.header('date') ?? '');
  const isServiceAccount = user.accountType === 'app';
  return {
    accountId: user.accountId,
    isServiceAccount,
    serverTimeMs: Number.isNaN(serverTimeMs) ? undefined : serverTimeMs,
  };
}
