import { databaseAddress } from './databaseAddress.js';
import { filePath, proxyAddress, trustedProxies } from './networkValues.js';
import {
  address,
  callers,
  day,
  domainPattern,
  emailDomain,
  groupName,
  groupPattern,
  listenHost,
  listOf,
  oneOf,
  organizationId,
  person,
  publicAddress,
  removalLimit,
  secretText,
  testAddress,
  upstreamAddress,
  wholeNumber,
  type Parsed,
  type Parser,
} from './settingValues.js';

/** One variable of the environment. */
export interface Setting<T> {
  /** A valid value, shown with every problem. */
  readonly example: string;
  /** @param text what is set, trimmed; undefined when the variable is not set */
  readonly read: (text: string | undefined) => Parsed<T>;
}

function required<T>(parse: Parser<T>, example: string): Setting<T> {
  const read = (text: string | undefined): Parsed<T> => (text === undefined ? { problem: 'is missing' } : parse(text));
  return { example, read };
}

function optional<T>(parse: Parser<T>, example: string): Setting<T | undefined> {
  const read = (text: string | undefined): Parsed<T | undefined> =>
    text === undefined ? { value: undefined } : parse(text);
  return { example, read };
}

function defaulted<T>(parse: Parser<T>, fallback: string, example = fallback): Setting<T> {
  return { example, read: (text = fallback) => parse(text) };
}

/** The secret of the example below, which everybody can read; `config.ts` refuses it where others reach the bridge. */
export const EXAMPLE_SECRET = '3q8QmX4vT7cYhR2kWn9LzBfE6sJdUa0p';

/** Every setting of the process, in the order in which `.env.example` explains them. */
export const SETTINGS = {
  ATLASSIAN_SITE_URL: required(upstreamAddress, 'https://acme.atlassian.net'),
  ATLASSIAN_ADMIN_EMAIL: required(address, 'confluence-admin@acme.com'),
  ATLASSIAN_API_TOKEN: required(secretText, 'ATATT3xFfGF0Example'),
  ATLASSIAN_API_TOKEN_EXPIRES: optional(day, '2027-03-31'),
  ATLASSIAN_TOKEN_KIND: defaulted(oneOf('classic', 'scoped'), 'classic', 'scoped'),
  ATLASSIAN_API_URL: defaulted(upstreamAddress, 'https://api.atlassian.com'),
  ATLASSIAN_ORG_ID: optional(organizationId, '8f4c1c8e-5d1b-4c43-9f0e-3b1a2c5d7e90'),
  ATLASSIAN_ORG_API_KEY: optional(secretText, 'ATCTT3xFfGN0Example'),
  ATLASSIAN_ORG_API_KEY_EXPIRES: optional(day, '2027-03-31'),
  UPSTREAM_PROXY: optional(proxyAddress, 'http://proxy.acme.com:3128'),
  CONFLUENCE_ACCESS_GROUPS: optional(listOf(groupName), 'confluence-users-acme'),
  SCIM_TOKENS: required(callers, `okta:${EXAMPLE_SECRET}`),
  PUBLIC_URL: optional(publicAddress, 'https://scim.acme.com'),
  HOST: defaulted(listenHost, '127.0.0.1'),
  PORT: defaulted(wholeNumber(1, 65_535), '8080'),
  TLS_CERT_FILE: optional(filePath, '/etc/bridge/tls.crt'),
  TLS_KEY_FILE: optional(filePath, '/etc/bridge/tls.key'),
  TRUST_PROXY: optional(trustedProxies, '10.0.0.0/8'),
  DATABASE_URL: defaulted(databaseAddress, 'file:./data/bridge.db'),
  MODE: defaulted(oneOf('live', 'observe'), 'live', 'observe'),
  DEACTIVATION: defaulted(oneOf('access-groups', 'suspend'), 'access-groups'),
  PROFILE_UPDATES: defaulted(oneOf('put', 'reject', 'record'), 'put'),
  GROUP_RENAMES: defaulted(oneOf('record', 'reject'), 'record'),
  ADOPT_GROUPS: optional(listOf(groupPattern), 'team-*,Marketing'),
  PRIVILEGED_GROUPS: optional(listOf(groupPattern), '*admin*,jira-*,confluence-*'),
  PROTECTED_USERS: optional(listOf(person), 'ceo@acme.com,712020:0e4f3b1c-7a53-4d18-9b0a-5d9c2f6e8a11'),
  LEAVER_GUARD: defaulted(oneOf('report', 'remove'), 'report', 'remove'),
  GROUP_DELETE: defaulted(oneOf('created', 'never'), 'created'),
  ACCESS_LOSS_LIMIT: defaulted(removalLimit, '10,20%'),
  GROUP_REMOVAL_LIMIT: defaulted(removalLimit, '100,30%'),
  BRAKE_WINDOW_MINUTES: defaulted(wholeNumber(10, 1440), '60'),
  DEFAULT_EMAIL_DOMAIN: optional(emailDomain, 'acme.com'),
  ALLOWED_EMAIL_DOMAINS: optional(listOf(domainPattern), 'acme.com,*.acme.com'),
  TEST_ADDRESSES: optional(listOf(testAddress), 'jumpcloud-test@acme.com,okta-check-*@acme.com'),
  SEAT_LIMIT: optional(wholeNumber(1, 1_000_000), '250'),
  REQUEST_BUDGET_SECONDS: defaulted(wholeNumber(1, 300), '25'),
  UPSTREAM_CONCURRENCY: defaulted(wholeNumber(1, 64), '8'),
  INDEX_MAX_AGE_SECONDS: defaulted(wholeNumber(0, 3600), '300'),
  LOG_LEVEL: defaulted(oneOf('error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'), 'info'),
  LOG_FORMAT: defaulted(oneOf('json', 'pretty'), 'json'),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type SettingValues = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};
