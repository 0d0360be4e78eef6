import { databaseSecrets } from './databaseAddress.js';
import { EXIT_CODES, ExitError } from './exit.js';
import { httpAddress } from './httpAddress.js';
import { type TrustedProxies, type UpstreamProxy, proxySecrets } from './networkValues.js';
import { ignoredProxy, uncheckedCertificates } from './nodeVariables.js';
import type { BrakeLimits } from './provisioning/brakeLimits.js';
import { type FileReader, readSecretFile, textOf } from './secretFiles.js';
import { conflicts, problemOf } from './settingConflicts.js';
import { doubts, misspellings } from './settingDoubts.js';
import { SETTINGS, type SettingName, type SettingValues } from './settings.js';
import type { Caller } from './settingValues.js';
import type { TlsFiles } from './tls.js';

export type { Caller } from './settingValues.js';

/** The variables of a process; nothing but what is passed in, and the files that it names, is read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach the site, and with what. */
export interface SiteConfig {
  /** Origin of the Confluence site, without a slash at its end. */
  readonly url: string;
  readonly adminEmail: string;
  readonly apiToken: string;
  /** When the day begins (UTC) on which it expires, as the operator noted it; milliseconds since the epoch. */
  readonly tokenExpiresAtMs: number | undefined;
  /** `scoped` tokens work only through the gateway at `apiUrl`. */
  readonly tokenKind: 'classic' | 'scoped';
  /** Origin of the gateway and of the Organizations API. */
  readonly apiUrl: string;
  /** The organization credential, where there is one. */
  readonly organization:
    { readonly id: string; readonly apiKey: string; readonly expiresAtMs: number | undefined } | undefined;
  /** Upstream calls at once per credential. */
  readonly concurrency: number;
  /** The proxy that leads to Atlassian; undefined to go there directly, whatever the environment names. */
  readonly proxy: UpstreamProxy | undefined;
}

/** What the operator decided, checked and frozen. Durations in milliseconds. */
export interface Config {
  readonly site: SiteConfig;
  /** Names; the first is where new people go. Empty: to be found by `accessType`. */
  readonly accessGroups: readonly string[];
  readonly callers: readonly Caller[];
  /** Base of `meta.location`, before `/scim/v2`; no slash at its end. */
  readonly publicUrl: string;
  readonly host: string;
  readonly port: number;
  /** PEM files of the certificate, its chain behind it, and of its key; undefined to listen in plain HTTP. */
  readonly tls: TlsFiles | undefined;
  readonly trustProxy: TrustedProxies;
  /** `file:` and the path of the SQLite file, or `postgres://…`, which holds a password. */
  readonly databaseUrl: string;
  /** `observe`: nothing is changed in Confluence, but planned (rule SA14). */
  readonly mode: SettingValues['MODE'];
  readonly deactivation: SettingValues['DEACTIVATION'];
  readonly profileUpdates: SettingValues['PROFILE_UPDATES'];
  readonly groupRenames: SettingValues['GROUP_RENAMES'];
  /** Names or patterns, for `matchesPattern` and `isExactName`. */
  readonly adoptGroups: readonly string[];
  readonly privilegedGroups: readonly string[];
  /** `PRIVILEGED_GROUPS` is not set. */
  readonly guessesPrivileged: boolean;
  /** E-mail addresses in lower case, and account ids; the credential's own address is always among them. */
  readonly protectedUsers: readonly string[];
  /** What follows when a scan shows a leaver with access again (rule SA9). */
  readonly leaverGuard: SettingValues['LEAVER_GUARD'];
  readonly groupDelete: SettingValues['GROUP_DELETE'];
  readonly brake: BrakeLimits;
  readonly defaultEmailDomain: string | undefined;
  /** Patterns in lower case; empty: every domain. */
  readonly allowedEmailDomains: readonly string[];
  readonly testAddresses: readonly string[];
  /** People who may have access; undefined for no limit. */
  readonly seatLimit: number | undefined;
  readonly requestBudgetMs: number;
  readonly indexMaxAgeMs: number;
  readonly log: { readonly level: SettingValues['LOG_LEVEL']; readonly format: SettingValues['LOG_FORMAT'] };
  /** What is allowed but probably not meant; to be logged at start. Holds no value of a secret. */
  readonly warnings: readonly string[];
  /** All of the above by the names of the settings, to tell what changed. */
  readonly values: SettingValues;
}

/** One thing wrong with one setting. `problem` reads on from the name: "PORT must be …". */
export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
  /** A valid value; undefined where no value would help. */
  readonly example: string | undefined;
}

/** Everything that is wrong with a configuration, at once. The message holds no value that was set. */
export class ConfigurationError extends ExitError {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    const lines = problems.map(({ setting, problem, example }) =>
      example === undefined ? `  ${setting} ${problem}.` : `  ${setting} ${problem}. Example: ${setting}=${example}`,
    );
    const title = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super([`The configuration has ${title}:`, ...lines].join('\n'), EXIT_CODES.configuration);
    this.problems = problems;
  }
}

/** Names that usually mean more than membership. */
const PRIVILEGED_BY_NAME: readonly string[] = ['*admin*', 'jira-*', 'confluence-*'];

const NAMES = Object.keys(SETTINGS) as SettingName[];
/**
 * Reads the settings of the process. An empty variable counts as one that is not set, as Compose files leave it.
 *
 * @throws ConfigurationError that lists every problem
 */
export function readConfig(env: Environment, readFile: FileReader = readSecretFile): Config {
  const { values, problems, warnings } = readValues(env, readFile);
  problems.push(...conflicts(values), ...uncheckedCertificates(env));
  if (problems.length > 0) throw new ConfigurationError(problems);
  // Without a problem every setting was read.
  const settings = values as SettingValues;
  const doubtful = [...doubts(settings), ...ignoredProxy(env, settings.UPSTREAM_PROXY)];
  return deepFreeze(toConfig(settings, [...misspellings(env), ...warnings, ...doubtful]));
}

/** Every secret of a configuration in the forms in which it could turn up in a text, for the logger to redact. */
export function secretsOf(config: Config): readonly string[] {
  const { adminEmail, apiToken, organization, proxy } = config.site;
  return [
    apiToken,
    Buffer.from(`${adminEmail}:${apiToken}`).toString('base64'),
    ...(organization === undefined ? [] : [organization.apiKey]),
    ...(proxy === undefined ? [] : proxySecrets(proxy)),
    ...config.callers.flatMap((caller) => caller.secrets),
    ...databaseSecrets(config.databaseUrl),
  ];
}

interface ReadValues {
  readonly values: Partial<SettingValues>;
  readonly problems: SettingProblem[];
  readonly warnings: readonly string[];
}

function readValues(env: Environment, readFile: FileReader): ReadValues {
  const values: Record<string, unknown> = {};
  const problems: SettingProblem[] = [];
  const warnings: string[] = [];
  for (const name of NAMES) {
    const source = textOf(name, env, readFile);
    if ('problem' in source) {
      problems.push(source);
      continue;
    }
    const { text, file } = source;
    const parsed = /^(["']).*\1$/s.test(text)
      ? { problem: 'is in quotation marks, which became part of the value' }
      : SETTINGS[name].read(text === '' ? undefined : text);
    const origin = file === undefined ? '' : ` (read from ${file.variable})`;
    if ('problem' in parsed) problems.push(problemOf(name, `${parsed.problem}${origin}`));
    else values[name] = parsed.value;
    if (file?.isPublic === true) {
      warnings.push(
        `${file.variable} names a file that every user of this machine may read: chmod o-r takes that away.`,
      );
    }
  }
  return { values, problems, warnings };
}

function toConfig(settings: SettingValues, warnings: readonly string[]): Config {
  const { ATLASSIAN_ORG_ID: orgId, ATLASSIAN_ORG_API_KEY: orgApiKey, HOST: host, PORT: port } = settings;
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = settings;
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  return {
    site: {
      url: settings.ATLASSIAN_SITE_URL,
      adminEmail: settings.ATLASSIAN_ADMIN_EMAIL,
      apiToken: settings.ATLASSIAN_API_TOKEN,
      tokenExpiresAtMs: settings.ATLASSIAN_API_TOKEN_EXPIRES,
      tokenKind: settings.ATLASSIAN_TOKEN_KIND,
      apiUrl: settings.ATLASSIAN_API_URL,
      organization:
        orgId === undefined || orgApiKey === undefined
          ? undefined
          : { id: orgId, apiKey: orgApiKey, expiresAtMs: settings.ATLASSIAN_ORG_API_KEY_EXPIRES },
      concurrency: settings.UPSTREAM_CONCURRENCY,
      proxy: settings.UPSTREAM_PROXY,
    },
    accessGroups: settings.CONFLUENCE_ACCESS_GROUPS ?? [],
    callers: settings.SCIM_TOKENS,
    publicUrl: settings.PUBLIC_URL ?? httpAddress(host, port, tls === undefined ? 'http' : 'https'),
    host,
    port,
    tls,
    trustProxy: settings.TRUST_PROXY ?? [],
    databaseUrl: settings.DATABASE_URL,
    mode: settings.MODE,
    deactivation: settings.DEACTIVATION,
    profileUpdates: settings.PROFILE_UPDATES,
    groupRenames: settings.GROUP_RENAMES,
    adoptGroups: settings.ADOPT_GROUPS ?? [],
    privilegedGroups: settings.PRIVILEGED_GROUPS ?? PRIVILEGED_BY_NAME,
    guessesPrivileged: settings.PRIVILEGED_GROUPS === undefined,
    protectedUsers: [...new Set([settings.ATLASSIAN_ADMIN_EMAIL.toLowerCase(), ...(settings.PROTECTED_USERS ?? [])])],
    leaverGuard: settings.LEAVER_GUARD,
    groupDelete: settings.GROUP_DELETE,
    brake: {
      accessLoss: settings.ACCESS_LOSS_LIMIT,
      groupRemoval: settings.GROUP_REMOVAL_LIMIT,
      windowMs: settings.BRAKE_WINDOW_MINUTES * 60_000,
    },
    defaultEmailDomain: settings.DEFAULT_EMAIL_DOMAIN,
    allowedEmailDomains: settings.ALLOWED_EMAIL_DOMAINS ?? [],
    testAddresses: settings.TEST_ADDRESSES ?? [],
    seatLimit: settings.SEAT_LIMIT,
    requestBudgetMs: settings.REQUEST_BUDGET_SECONDS * 1000,
    indexMaxAgeMs: settings.INDEX_MAX_AGE_SECONDS * 1000,
    log: { level: settings.LOG_LEVEL, format: settings.LOG_FORMAT },
    warnings,
    values: settings,
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value) as unknown[]) deepFreeze(inner);
  return Object.freeze(value);
}
