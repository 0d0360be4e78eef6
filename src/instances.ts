import { createHash, randomUUID } from 'node:crypto';
import type { Config } from './config.js';
import { EXIT_CODES, ExitError } from './exit.js';
import type { Clock } from './provisioning/call.js';
import type { Log } from './provisioning/dependencies.js';
import { Failure } from './provisioning/failure.js';
import type { Instance } from './provisioning/instanceRecords.js';
import type { Store } from './provisioning/store.js';
import { repeatedly } from './provisioning/waiting.js';
import type { SettingName } from './settings.js';

/** How often an instance says that it is there, and after what silence it is taken for dead. */
const BEAT_MS = 15_000;
const SILENT_MS = 60_000;

/** Where instances that differ would undo each other's work: the same record cannot belong to two sites, or be planned and done. */
const MUST_AGREE: readonly string[] = ['ATLASSIAN_SITE_URL', 'MODE'] satisfies SettingName[];

interface AttendanceParts {
  readonly config: Config;
  /** Those of now: they change without a restart. */
  readonly callers: () => Config['callers'];
  readonly store: Pick<Store, 'transaction' | 'instances'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** One instance among those that serve from the same store (rule SA17). */
export interface Attendance {
  /**
   * Says that this instance serves, and goes on saying so.
   *
   * @throws ExitError (78) when one that serves has another site or mode
   */
  enter(): Promise<void>;
  /** Never fails: one that could not say so is taken for dead after a minute. */
  leave(): Promise<void>;
}

export function createAttendance({ config, callers, store, clock, log }: AttendanceParts): Attendance {
  const id = randomUUID();
  const leaving = new AbortController();
  let beats = Promise.resolve();
  let told = '';

  /** @returns the settings in which one that serves differs; this instance is then among them, unless it must not be */
  function meet(isNew: boolean): Promise<readonly string[]> {
    return store.transaction(async ({ instances }) => {
      const seenAtMs = clock.now();
      const settings = fingerprintsOf({ ...config, callers: callers() });
      await instances.prune(seenAtMs - SILENT_MS);
      const others = (await instances.list()).filter((instance) => instance.id !== id);
      const names = differences(settings, others);
      if (!isNew || !names.some(mustAgree)) await instances.put({ id, settings, seenAtMs });
      return names;
    });
  }

  function tell(names: readonly string[]): void {
    const text = names.join(', ');
    if (text === told) return;
    told = text;
    const fields = { settings: names };
    if (names.length === 0) log.info('All instances of the bridge have the same settings again.');
    else if (names.some(mustAgree))
      log.error('Another instance serves the same database for another site or MODE. Stop one of them.', fields);
    else log.warn('Another instance of the bridge has other settings. Make them the same, and start it anew.', fields);
  }

  async function beat(): Promise<void> {
    try {
      tell(await meet(false));
    } catch (error) {
      log.warn('The other instances could not be told that this one serves.', { error: Failure.from(error) });
    }
  }

  return {
    async enter() {
      const names = await meet(true);
      const barring = names.filter(mustAgree);
      if (barring.length > 0) throw cannotServe(barring);
      tell(names);
      beats = repeatedly(BEAT_MS, { clock, signal: leaving.signal }, beat);
    },
    async leave() {
      leaving.abort();
      await beats;
      await store.instances.remove(id).catch(() => undefined);
    },
  };
}

function mustAgree(name: string): boolean {
  return MUST_AGREE.includes(name);
}

/** Names of the settings in which one of the others differs. A setting that only one release knows makes no difference. */
function differences(settings: Instance['settings'], others: readonly Instance[]): readonly string[] {
  return Object.keys(settings).filter((name) =>
    others.some((other) => (other.settings[name] ?? settings[name]) !== settings[name]),
  );
}

function cannotServe(names: readonly string[]): ExitError {
  return new ExitError(
    `Another instance of the bridge serves the same database with another ${names.join(' and ')}. Stop all instances before you change it; one that was killed is forgotten after a minute.`,
    EXIT_CODES.configuration,
  );
}

/** What decides about people and groups, or is shown to identity providers; not what is each instance's own. */
function fingerprintsOf(config: Config): Instance['settings'] {
  const values = {
    ATLASSIAN_SITE_URL: config.site.url,
    MODE: config.mode,
    ATLASSIAN_ADMIN_EMAIL: config.site.adminEmail.toLowerCase(),
    ATLASSIAN_ORG_ID: config.site.organization?.id,
    CONFLUENCE_ACCESS_GROUPS: config.accessGroups,
    SCIM_TOKENS: config.callers.map(({ name, isReadOnly }) => [name, isReadOnly]),
    PUBLIC_URL: config.publicUrl,
    DEACTIVATION: config.deactivation,
    PROFILE_UPDATES: config.profileUpdates,
    GROUP_RENAMES: config.groupRenames,
    ADOPT_GROUPS: config.adoptGroups,
    PRIVILEGED_GROUPS: config.privilegedGroups,
    PROTECTED_USERS: config.protectedUsers,
    LEAVER_GUARD: config.leaverGuard,
    GROUP_DELETE: config.groupDelete,
    ACCESS_LOSS_LIMIT: config.brake.accessLoss,
    GROUP_REMOVAL_LIMIT: config.brake.groupRemoval,
    BRAKE_WINDOW_MINUTES: config.brake.windowMs,
    DEFAULT_EMAIL_DOMAIN: config.defaultEmailDomain,
    ALLOWED_EMAIL_DOMAINS: config.allowedEmailDomains,
    TEST_ADDRESSES: config.testAddresses,
    SEAT_LIMIT: config.seatLimit,
  } satisfies Partial<Record<SettingName, unknown>>;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fingerprint(value)]));
}

/** Tells equal from unequal, and keeps addresses out of the record. */
function fingerprint(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 16);
}
