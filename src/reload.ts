import { isDeepStrictEqual } from 'node:util';
import type { Connection } from './atlassian/connection.js';
import { createProbes } from './atlassian/probes.js';
import { type Caller, type Config, ConfigurationError } from './config.js';
import type { Health } from './observability/health.js';
import type { Metrics } from './observability/metrics.js';
import type { Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { Failure } from './provisioning/failure.js';
import { openOwnCall } from './roster/ownCall.js';
import type { SettingName, SettingValues } from './settings.js';

/** How long Atlassian may take to say that it accepts a renewed credential. */
const BUDGET_MS = 30_000;

/** A credential of Atlassian's, with the day on which it ends. */
const CREDENTIALS: readonly SettingName[] = [
  'ATLASSIAN_API_TOKEN',
  'ATLASSIAN_API_TOKEN_EXPIRES',
  'ATLASSIAN_ORG_API_KEY',
  'ATLASSIAN_ORG_API_KEY_EXPIRES',
];
/** Whose credential it is, for what, and on which way. Where one of these is another, so would the bridge be. */
const IDENTITY: readonly SettingName[] = [
  'ATLASSIAN_SITE_URL',
  'ATLASSIAN_ADMIN_EMAIL',
  'ATLASSIAN_TOKEN_KIND',
  'ATLASSIAN_API_URL',
  'ATLASSIAN_ORG_ID',
  'UPSTREAM_PROXY',
];

const NOT_READ =
  'The settings were read again and have problems, so nothing of them was taken over. Look at the log, correct them, and send SIGHUP again.';
const NOT_ACCEPTED =
  'Atlassian did not accept a renewed credential, or could not be asked, so the bridge goes on with the one before. Look at the log, and send SIGHUP again.';

export interface ReloadParts {
  /** What the bridge was started with. */
  readonly config: Config;
  /** Puts other callers in the place of those before. */
  readonly admit: (callers: readonly Caller[]) => void;
  /** Reaches Atlassian with the credentials of another configuration, to try them. */
  readonly connect: (config: Config) => Connection;
  /** Puts them in the place of those before. */
  readonly renew: (config: Config) => void;
  /** The account that the bridge works as; undefined until Atlassian told. */
  readonly ownAccountId: () => string | undefined;
  readonly health: Health;
  readonly metrics: Pick<Metrics, 'settingsReloaded'>;
  readonly clock: Clock;
  readonly logger: Log;
  /** Aborts when the bridge stops. */
  readonly signal: AbortSignal;
}

/**
 * Takes over what may change while the bridge runs (rule SA19): the callers at once, a renewed credential of Atlassian
 * once it is accepted for the same account. The rest is named as what needs a restart.
 *
 * @returns reads the settings and takes them over; never rejects. Credentials are tried one call after the other
 */
export function createReload(parts: ReloadParts): (read: () => Config) => Promise<void> {
  const { health, metrics, logger } = parts;
  /** What is in force, by setting. */
  let running: SettingValues = parts.config.values;
  let last = Promise.resolve();
  let reads = 0;

  /** @returns what was read; undefined when it has problems, which are told */
  function readWell(read: () => Config): Config | undefined {
    try {
      return read();
    } catch (error) {
      health.set('settings', { ok: false, message: NOT_READ });
      metrics.settingsReloaded('refused');
      logger.error(
        NOT_READ,
        error instanceof ConfigurationError ? { problems: error.problems.map(inWords) } : { error },
      );
      return undefined;
    }
  }

  /** Waits for nothing: a token that is to open nothing any more does not until Atlassian has judged another credential. */
  function admit(next: Config): Told {
    const told = callersInWords(running.SCIM_TOKENS, next.callers);
    parts.admit(next.callers);
    running = { ...running, SCIM_TOKENS: next.values.SCIM_TOKENS };
    return told;
  }

  /** @param number which of the reads this was; only the last one decides what health says */
  async function takeRest(next: Config, told: Told, number: number): Promise<void> {
    const refusal = await takeCredentials(next);
    const needsRestart = changed(running, next.values).filter(
      (name) => name !== 'SCIM_TOKENS' && (refusal === undefined || !isCredential(name)),
    );
    logger.info('The settings were read again, and the callers in them are in force', { ...told, needsRestart });
    if (refusal !== undefined) logger.error(NOT_ACCEPTED, { error: refusal });
    if (number === reads)
      health.set('settings', refusal === undefined ? { ok: true } : { ok: false, message: NOT_ACCEPTED });
    metrics.settingsReloaded(refusal === undefined ? 'taken' : 'partly');
  }

  /** @returns why the credentials are still the ones before, though they could be others */
  async function takeCredentials(next: Config): Promise<Failure | undefined> {
    const names = changed(running, next.values);
    if (!names.some(isCredential) || names.some((name) => IDENTITY.includes(name))) return undefined;
    try {
      await assertAccepted(next, names);
    } catch (error) {
      return Failure.from(error);
    }
    parts.renew(next);
    running = { ...running, ...Object.fromEntries(CREDENTIALS.map((name) => [name, next.values[name]])) };
    return undefined;
  }

  /** @throws Failure where Atlassian does not accept a credential that is new, or knows another account by it */
  async function assertAccepted(next: Config, names: readonly SettingName[]): Promise<void> {
    const { clock, signal } = parts;
    const connection = parts.connect(next);
    try {
      const probes = createProbes(connection);
      const call = openOwnCall('request', BUDGET_MS, signal, clock);
      if (names.includes('ATLASSIAN_API_TOKEN')) {
        const { accountId } = await probes.currentUser(call);
        if (accountId !== (parts.ownAccountId() ?? accountId)) throw anotherAccount();
      }
      if (names.includes('ATLASSIAN_ORG_API_KEY')) await probes.organization(call);
    } finally {
      connection.close();
    }
  }

  return (read) => {
    if (parts.signal.aborted) return last;
    reads += 1;
    const number = reads;
    const next = readWell(read);
    if (next === undefined) return last;
    const told = admit(next);
    return (last = last.then(() => takeRest(next, told, number)));
  };
}

function isCredential(name: SettingName): boolean {
  return CREDENTIALS.includes(name);
}

function changed(before: SettingValues, after: SettingValues): readonly SettingName[] {
  const names = Object.keys(after) as SettingName[];
  return names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

function inWords({ setting, problem }: ConfigurationError['problems'][number]): string {
  return `${setting} ${problem}`;
}

type Told = ReturnType<typeof callersInWords>;

/** Names only: who may call now, and what that changes. */
function callersInWords(before: readonly Caller[], after: readonly Caller[]) {
  const names = (callers: readonly Caller[]): readonly string[] => callers.map(({ name }) => name);
  const old = new Map(before.map((caller) => [caller.name, caller]));
  return {
    callers: names(after),
    added: names(after.filter(({ name }) => !old.has(name))),
    removed: names(before).filter((name) => !names(after).includes(name)),
    changed: names(after.filter((caller) => old.has(caller.name) && !isDeepStrictEqual(old.get(caller.name), caller))),
  };
}

function anotherAccount(): Failure {
  return new Failure(
    'misconfigured',
    'The API token is of another account than the one before. Restart the bridge to have it work as another account.',
  );
}
