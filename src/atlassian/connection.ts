import { z } from 'zod';
import type { Call, Clock, UpstreamCall } from '../provisioning/call.js';
import { createClient, segment, type Client } from './client.js';
import type { PauseRecords } from '../provisioning/pauseRecords.js';
import { createLimiter, type Limiter } from './limiter.js';
import type { Answer, Operation } from './operation.js';
import type { Organization } from './organization.js';
import { readJson } from './responses.js';
import { sharePause } from './sharedPause.js';
import type { Proxy } from './tunnel.js';
import { judgeCredential, type CredentialVerdict } from './verdict.js';

/** How to reach one site, and with what. Addresses may end with a slash. */
export interface AtlassianConfig {
  readonly siteUrl: string;
  readonly adminEmail: string;
  readonly apiToken: string;
  /** A classic token works at the site's own address, a scoped one at the gateway only; the token does not show which it is. */
  readonly tokenKind: TokenKind;
  /** Base of the gateway and of the Organizations API. */
  readonly apiUrl: string;
  /** With `orgApiKey`, or neither. */
  readonly orgId: string | undefined;
  readonly orgApiKey: string | undefined;
  /** Calls at once for each credential. */
  readonly concurrency: number;
  /** The proxy that leads to Atlassian, where there is one. */
  readonly proxy?: Proxy | undefined;
}

export type TokenKind = 'classic' | 'scoped';

/** As much of a logger as is needed here. */
export interface Log {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The clients of one site. All that use one credential share its limiter. */
export interface Connection {
  readonly config: AtlassianConfig;
  readonly confluence: Client;
  readonly jira: Client;
  /** Undefined without an organization credential. */
  readonly organization: Organization | undefined;
  /** Confluence with the same token at the address of the other kind of token. */
  readonly otherKind: Client;
  /** The id of the site in the gateway: `GET /_edge/tenant_info`, once in the life of the connection. */
  cloudId(call: Call): Promise<string>;
  /** Sends other credentials of the same accounts from the next call on. */
  renew(credentials: Pick<AtlassianConfig, 'apiToken' | 'orgApiKey'>): void;
  /** Closes idle connections. */
  close(): void;
}

export interface ConnectionOptions {
  readonly config: AtlassianConfig;
  readonly clock: Clock;
  /** Where the pauses of the credentials are kept (rule SA17); without it they are this process's own. */
  readonly pauses?: PauseRecords;
  readonly log?: Log;
  /** 0 to 1, for the jitter of repeated calls. */
  readonly random?: () => number;
  /** Told of every call that was sent, answered or not. */
  readonly onCall?: (call: UpstreamCall) => void;
  /** Told what each answer says about the credential. */
  readonly onVerdict?: (verdict: CredentialVerdict) => void;
}

const TENANT_INFO: Operation = {
  name: 'site.tenantInfo',
  repeatability: 'read',
  credential: 'none',
  act: 'ask which site this is',
  remedy: 'The operator should check ATLASSIAN_SITE_URL.',
  scopes: undefined,
};

/** It becomes part of the address that the credential is sent to. */
const CLOUD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const DAYS_AND_PLACES = /\b\d{4}-\d{2}-\d{2}\b|https:\/\/developer\.atlassian\.com\/[\w./-]{0,200}/g;
const MAX_NAMED = 5;

/** Makes the clients; nothing is sent yet. */
export function connect(options: ConnectionOptions): Connection {
  const { config, clock, log, pauses, random = Math.random, onCall = () => undefined } = options;
  const siteUrl = withoutSlash(config.siteUrl);
  const apiUrl = withoutSlash(config.apiUrl);
  const warned = new Set<string>();
  const clients: Client[] = [];
  let knownCloudId: string | undefined;

  let { apiToken, orgApiKey } = config;

  function client(authorization: () => string | undefined, limiter: Limiter, base: (call: Call) => Promise<string>) {
    const made = createClient({
      base,
      authorization,
      limiter,
      maxSockets: config.concurrency,
      proxy: config.proxy,
      clock,
      random,
      onAnswer: (operation, answer) => {
        warnOnce(operation, answer, warned, log);
        const verdict = judgeCredential(operation, answer);
        if (verdict !== undefined) options.onVerdict?.(verdict);
      },
      onCall,
    });
    clients.push(made);
    return made;
  }

  /** @param credential what stands for it; undefined where none is sent */
  function newLimiter(credential: string | undefined): Limiter {
    const { concurrency } = config;
    if (pauses === undefined || credential === undefined) return createLimiter({ concurrency, clock });
    return createLimiter({ concurrency, clock, shared: sharePause({ records: pauses, credential, clock, log }) });
  }

  function base(kind: TokenKind, product: 'confluence' | 'jira'): (call: Call) => Promise<string> {
    if (kind === 'classic') return () => Promise.resolve(siteUrl);
    return async (call) => `${apiUrl}/ex/${product}/${segment(await cloudId(call))}`;
  }

  function organization(orgId: string): Organization {
    const limiter = newLimiter(`organization ${orgId}`);
    const bearer = (): string => `Bearer ${orgApiKey ?? ''}`;
    const at = (address: string): Client => client(bearer, limiter, () => Promise.resolve(address));
    return { orgId, client: at(`${apiUrl}/admin`), accounts: at(apiUrl) };
  }

  const anybody = client(
    () => undefined,
    newLimiter(undefined),
    () => Promise.resolve(siteUrl),
  );

  // The value is kept, not the promise: one caller's short budget must not fail the others.
  async function cloudId(call: Call): Promise<string> {
    if (knownCloudId !== undefined) return knownCloudId;
    const answer = await anybody.send(TENANT_INFO, { method: 'GET', path: '/_edge/tenant_info' }, call);
    knownCloudId = readJson(TENANT_INFO, answer, 200, z.object({ cloudId: z.string().regex(CLOUD_ID) })).cloudId;
    return knownCloudId;
  }

  const basic = (): string => `Basic ${Buffer.from(`${config.adminEmail}:${apiToken}`).toString('base64')}`;
  const siteLimiter = newLimiter(`site ${siteUrl} ${config.adminEmail}`);
  const { tokenKind, orgId } = config;
  return {
    config,
    confluence: client(basic, siteLimiter, base(tokenKind, 'confluence')),
    jira: client(basic, siteLimiter, base(tokenKind, 'jira')),
    organization: orgId === undefined || orgApiKey === undefined ? undefined : organization(orgId),
    otherKind: client(basic, siteLimiter, base(tokenKind === 'classic' ? 'scoped' : 'classic', 'confluence')),
    cloudId,
    renew(credentials) {
      ({ apiToken, orgApiKey } = credentials);
    },
    close: () => clients.forEach((made) => made.close()),
  };
}

/**
 * Atlassian announces the end of an operation by `Warning: 299`; said once, it is enough. The text may repeat what was
 * asked for, names and addresses in any spelling, so that only days and places to read on are taken from it.
 */
function warnOnce(operation: Operation, answer: Answer, warned: Set<string>, log: Log | undefined): void {
  const warning = answer.header('warning');
  if (warning === undefined || !warning.trim().startsWith('299') || warned.has(operation.name)) return;
  warned.add(operation.name);
  log?.warn('Atlassian announces a change to an operation that the bridge uses. Look into its changelog.', {
    operation: operation.name,
    named: warning.match(DAYS_AND_PLACES)?.slice(0, MAX_NAMED) ?? [],
  });
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}
