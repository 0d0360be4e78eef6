import { setMaxListeners } from 'node:events';
import type { Express, RequestHandler } from 'express';
import type { Caller, Config } from './config.js';
import { createHttpApp } from './httpApp.js';
import { type Health, serveHealth, serveReadiness } from './observability/health.js';
import { type Metrics, serveMetrics } from './observability/metrics.js';
import { auditingAsPlanned } from './observe/audit.js';
import { byScimIds } from './observe/groupIds.js';
import { modeState } from './observe/mode.js';
import { observing } from './observe/observing.js';
import { createBrake, RELEASED_BRAKE } from './provisioning/brake.js';
import { brakeStatus } from './provisioning/brakeStatus.js';
import type { Clock } from './provisioning/call.js';
import type { Dependencies, Log, Settings } from './provisioning/dependencies.js';
import type { Directory } from './provisioning/directory.js';
import { Failure } from './provisioning/failure.js';
import { countMembers } from './provisioning/groupReads.js';
import { createGroups } from './provisioning/groups.js';
import { createJobs } from './provisioning/jobs.js';
import { createLeaverRemoval } from './provisioning/leaverRemoval.js';
import { lookAtLeavers } from './provisioning/leaverRoles.js';
import { createPeople } from './provisioning/people.js';
import { countSeats, createSeats } from './provisioning/seats.js';
import { settleInvitations, settleReturned } from './provisioning/settling.js';
import type { Store } from './provisioning/store.js';
import { endsInTime } from './provisioning/waiting.js';
import { createRoster, type RunningRoster } from './roster/roster.js';
import { refuse } from './scim/answers.js';
import { requireCaller } from './scim/auth.js';
import { createScimRouter, SCIM_BASE_PATH } from './scim/router.js';

/** Group writes under way (rule GR8), those that a request still waits for included; and how long each may take. */
const MAX_JOBS = 200;
const MAX_JOB_MS = 15 * 60 * 1000;

/** Who looks whether the bridge lives waits some seconds, and takes a longer silence for its death. */
const STORE_ANSWER_MS = 2_000;
const STORE_AWAY = 'The database of the bridge does not answer; every message is 503 until it does.';

const BRAKE_TRIPPED =
  'The mass-removal brake refuses removals. See what it says with: confluence-scim-bridge brake status';

export interface AppParts {
  readonly config: Config;
  /** Those of the configuration, or of a later one: they may change while the bridge runs. */
  readonly callers: () => readonly Caller[];
  readonly directory: Directory;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  /** The account of the site credential, which is protected (rule SA8). */
  readonly ownAccountId: string | undefined;
}

/** The wired bridge. It does not listen; `start` begins the scans. */
export interface App {
  readonly handler: Express;
  readonly deps: Dependencies;
  readonly roster: RunningRoster;
  start(): void;
  /** Ends scans and background work; requests under way are the server's to drain first. */
  stop(): Promise<void>;
}

/** Wires the parts. Everything they need is passed in; nothing is read from the environment. */
export function createApp(parts: AppParts): App {
  const { config, callers, clock, logger, metrics, health } = parts;
  // Read where they are needed, never kept.
  const settings: Settings = {
    ...config,
    get callers() {
      return callers();
    },
  };
  const isObserving = config.mode === 'observe';
  const store = isObserving ? auditingAsPlanned(parts.store) : parts.store;
  const directory = isObserving ? observing(parts.directory, { store, clock }) : byScimIds(parts.directory, store);
  const stopping = new AbortController();
  // Every request under way listens to it; more than ten are no leak.
  setMaxListeners(0, stopping.signal);
  const roster = createRoster({
    directory,
    store,
    settings,
    clock,
    log: logger,
    metrics,
    onIndexed: async () => {
      const state = await store.index.state();
      if (state !== undefined) {
        health.indexScanned(state.scannedAtMs);
        metrics.indexed(state);
      }
      const failure = roster.accessFailure();
      health.set('accessGroups', failure === undefined ? { ok: true } : { ok: false, message: failure.message });
      await countRoles();
    },
    onScanned: async (call) => {
      await settleInvitations(deps, call);
      await settleReturned(deps, call);
      if (config.leaverGuard === 'remove') await removeLeavers(call);
      // Whose leaving is only planned has every role still.
      if (!isObserving) await lookAtLeavers(deps, call);
      await countRoles();
    },
  });
  async function countRoles(): Promise<void> {
    metrics.leaversWithRoles((await store.roles.openLeavers()).filter(({ roles }) => roles !== undefined).length);
  }
  const brake = createBrake({
    store,
    clock,
    log: logger,
    limits: config.brake,
    metrics,
    countMembers: (groupId, call) => countMembers(groupId, deps, call),
    indexReady: (call) => roster.ready(call),
  });
  const seats = createSeats({
    store,
    clock,
    log: logger,
    limit: config.seatLimit,
    indexReady: (call) => roster.ready(call),
  });
  const deps: Dependencies = {
    directory,
    store,
    roster,
    // What is planned takes nothing from anybody; the plan itself goes through the brake.
    brake: isObserving ? RELEASED_BRAKE : brake,
    seats,
    settings,
    ownAccountId: () => parts.ownAccountId,
    clock,
    log: logger,
  };
  const removeLeavers = createLeaverRemoval(deps);
  const jobs = createJobs({
    clock,
    log: logger,
    maxRunning: MAX_JOBS,
    maxMs: MAX_JOB_MS,
    onRunning: (count) => metrics.jobsRunning(count),
  });
  const bridge = {
    people: createPeople(deps),
    groups: createGroups(deps, jobs),
    deps,
    baseUrl: `${config.publicUrl}${SCIM_BASE_PATH}`,
  };
  const door = requireCaller({ callers, clock, log: logger, metrics });
  /**
   * An instance that has lost its database must not be sent what another one can answer (rule SA17). Whatever else of a
   * route asks the store comes behind this, and is left out where the store does not answer.
   */
  const askStore: RequestHandler = async (_request, _response, next) => {
    const asked = store.index.scannedAtMs();
    const { signal } = new AbortController();
    const answers = await endsInTime(asked, clock.now() + STORE_ANSWER_MS, signal, clock).catch(() => false);
    health.set('store', answers ? { ok: true } : { ok: false, message: STORE_AWAY });
    next(answers ? undefined : 'route');
  };
  /** Brake and plan live in the store: other processes may release or apply them, and the brake's window moves on by itself. */
  const lookAtStore: RequestHandler = async (_request, _response, next) => {
    try {
      const state = await brakeStatus(store, config.brake, clock.now());
      health.set('brake', state.trips.length === 0 ? { ok: true } : { ok: false, message: BRAKE_TRIPPED });
      metrics.brakeIs({ isTripped: state.trips.length > 0, accessLosses: state.accessLosses });
      health.set('mode', await modeState(config.mode, store));
    } catch (error) {
      logger.warn('The state of the brake, or the plan, could not be read', { error: Failure.from(error) });
    }
    next();
  };
  const lookAtSeats: RequestHandler = async (_request, _response, next) => {
    try {
      if (config.seatLimit !== undefined && (await store.index.scannedAtMs()) !== undefined)
        metrics.seatsAre({ used: await countSeats(store, clock.now()), limit: config.seatLimit });
    } catch (error) {
      logger.warn('The seats in use could not be counted', { error: Failure.from(error) });
    }
    next();
  };

  const handler = createHttpApp({ config, logger, metrics, clock });
  handler.get('/metrics', door);
  handler.get('/healthz', askStore, lookAtStore);
  handler.get('/readyz', askStore);
  handler.get('/metrics', askStore, lookAtStore, lookAtSeats);
  handler.get('/healthz', serveHealth(health));
  handler.get('/readyz', serveReadiness(health));
  handler.get('/metrics', serveMetrics(metrics));
  handler.use(
    SCIM_BASE_PATH,
    createScimRouter({ bridge, door, publicUrl: config.publicUrl, clock, stopping: stopping.signal }),
  );

  handler.use((_request, response) => {
    refuse(response, 404, `There is nothing at this address. SCIM is served under ${SCIM_BASE_PATH}.`);
  });

  return {
    handler,
    deps,
    roster,
    start: () => roster.start(),
    async stop() {
      stopping.abort(new Error('The bridge is stopping'));
      await Promise.all([roster.stop(), jobs.stop()]);
    },
  };
}
