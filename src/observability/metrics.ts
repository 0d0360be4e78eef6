import type { RequestHandler } from 'express';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { UpstreamCall } from '../provisioning/call.js';
import type { FailureKind } from '../provisioning/failure.js';

export interface RequestSample {
  readonly method: string;
  /** A pattern of `routeOf`, never a path. */
  readonly route: string;
  /** Undefined when no answer was begun: the client hung up. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** Why a request was not recognised: no token, no bearer token, or none that is known. */
export type AuthenticationFailure = 'missing' | 'unreadable' | 'unknown';

/** What the bridge counts. Labels come from closed sets: no id, no name, no address (rule SA7). */
export interface Metrics {
  request(sample: RequestSample): void;
  /** A request that came without a token that is known (rule SA19). */
  authenticationFailed(reason: AuthenticationFailure): void;
  upstreamCall(call: UpstreamCall): void;
  /** A scan of the directory, by how it ended. */
  scanEnded(outcome: 'committed' | FailureKind, durationMs: number): void;
  /** The directory index as it is now, whoever scanned. */
  indexed(state: { readonly scannedAtMs: number; readonly people: number }): void;
  /** People recorded inactive who have access (rule SA9), as the last scan found them. */
  leaversWithAccess(count: number): void;
  /** People who left and have a role on the site that the bridge cannot take (rule SA16), as far as it was looked. */
  leaversWithRoles(count: number): void;
  /** Whether Atlassian refuses our credential (rule SA5). */
  credentialRefused(isRefused: boolean): void;
  /** How many operations Atlassian refuses for lack of a right or a scope, while it accepts the credential. */
  operationsRefused(count: number): void;
  /** When the day begins on which a credential expires, undefined where the operator noted none; when the certificate does. */
  credentialExpires(credential: 'site' | 'organization' | 'certificate', atMs: number | undefined): void;
  /** The settings were read again: all that can be taken over was, all but a credential of Atlassian, or nothing. */
  settingsReloaded(outcome: 'taken' | 'partly' | 'refused'): void;
  /** A counter of the mass-removal brake began to refuse (rule SA11). */
  brakeTripped(counter: 'access' | 'group'): void;
  brakeRefused(counter: 'access' | 'group'): void;
  /** People who lost access, or members removed from groups. */
  removalsCounted(counter: 'access' | 'group', count: number): void;
  /** The brake as it is now. */
  brakeIs(state: { readonly isTripped: boolean; readonly accessLosses: number }): void;
  /** Seats in use and `SEAT_LIMIT` (rule US14). */
  seatsAre(state: { readonly used: number; readonly limit: number }): void;
  /** Work that goes on behind answered requests (rule GR8). */
  jobsRunning(count: number): void;
  readonly contentType: string;
  /** Prometheus text. */
  render(): Promise<string>;
}

const PREFIX = 'confluence_scim_bridge_';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** Around what matters: an answer from the store, a few upstream calls, Keycloak's five seconds, Okta's sixty. */
const DURATION_BUCKETS_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];
const SCAN_BUCKETS_SECONDS = [0.5, 1, 5, 15, 60, 180, 600];

/** @param now milliseconds since the epoch, for the age of the directory index */
export function createMetrics(now: () => number): Metrics {
  const registry = new Registry();
  const registers = [registry];
  let indexedAtMs: number | undefined;

  const requests = new Counter({
    name: `${PREFIX}requests_total`,
    help: 'Answered requests; status "none" when the client hung up before an answer.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: `${PREFIX}request_duration_seconds`,
    help: 'Time from a request to the end of its answer.',
    labelNames: ['method', 'route'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const authenticationFailures = new Counter({
    name: `${PREFIX}authentication_failures_total`,
    help: 'Requests refused at the door: no token, no bearer token, or one that is not known.',
    labelNames: ['reason'],
    registers,
  });
  const upstreamCalls = new Counter({
    name: `${PREFIX}upstream_calls_total`,
    help: 'Calls sent to Atlassian; status "none" when no answer came.',
    labelNames: ['operation', 'status'],
    registers,
  });
  const upstreamDurations = new Histogram({
    name: `${PREFIX}upstream_call_duration_seconds`,
    help: 'Time of one call to Atlassian.',
    labelNames: ['operation'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const scans = new Counter({
    name: `${PREFIX}scans_total`,
    help: 'Scans of the directory: committed, or the kind of failure.',
    labelNames: ['outcome'],
    registers,
  });
  const scanDurations = new Histogram({
    name: `${PREFIX}scan_duration_seconds`,
    help: 'Time of one scan of the directory.',
    buckets: SCAN_BUCKETS_SECONDS,
    registers,
  });
  new Gauge({
    name: `${PREFIX}index_age_seconds`,
    help: 'Age of the directory index; NaN before the first scan.',
    registers,
    collect() {
      this.set(indexedAtMs === undefined ? NaN : Math.max(0, now() - indexedAtMs) / 1000);
    },
  });
  const people = new Gauge({
    name: `${PREFIX}index_people`,
    help: 'People with access to Confluence, as the last scan found them.',
    registers,
  });
  const leavers = new Gauge({
    name: `${PREFIX}leavers_with_access`,
    help: 'People deactivated by SCIM who have access nevertheless. Anything above 0 needs a look.',
    registers,
  });
  const leaversWithRoles = new Gauge({
    name: `${PREFIX}leavers_with_roles`,
    help: 'People who left and have a role on the site that the bridge cannot take. Anything above 0 needs a look.',
    registers,
  });
  const refused = new Gauge({
    name: `${PREFIX}credential_refused`,
    help: '1 while Atlassian refuses the credential of the bridge.',
    registers,
  });
  const operationsRefused = new Gauge({
    name: `${PREFIX}operations_refused`,
    help: 'Upstream operations for which the credential lacks a right or a scope; /healthz names them.',
    registers,
  });
  const expires = new Gauge({
    name: `${PREFIX}credential_expiry_timestamp_seconds`,
    help: 'When the day begins on which a credential expires, as noted in the settings; absent where it is not. When the TLS certificate does.',
    labelNames: ['credential'],
    registers,
  });
  const reloads = new Counter({
    name: `${PREFIX}settings_reloads_total`,
    help: 'How often the settings were read again: taken, partly (a credential of Atlassian was not accepted), or refused.',
    labelNames: ['outcome'],
    registers,
  });
  const brakeTrips = new Counter({
    name: `${PREFIX}brake_trips_total`,
    help: 'How often the mass-removal brake began to refuse: by losses of access, or by removals from one group.',
    labelNames: ['counter'],
    registers,
  });
  const brakeRefusals = new Counter({
    name: `${PREFIX}brake_refusals_total`,
    help: 'Messages refused by the mass-removal brake.',
    labelNames: ['counter'],
    registers,
  });
  const removals = new Counter({
    name: `${PREFIX}removals_total`,
    help: 'Removals that the brake counted: people who lost access, members removed from groups.',
    labelNames: ['counter'],
    registers,
  });
  const brakeTripped = new Gauge({
    name: `${PREFIX}brake_tripped`,
    help: '1 while the mass-removal brake refuses removals. Somebody has to see whether they are meant.',
    registers,
  });
  const accessLosses = new Gauge({
    name: `${PREFIX}brake_access_losses`,
    help: 'People who lost access within the window of the brake.',
    registers,
  });
  const seatsUsed = new Gauge({
    name: `${PREFIX}seats_used`,
    help: 'People with access to Confluence or a pending invitation, where SEAT_LIMIT is set; NaN where it is not.',
    registers,
  });
  const seatLimit = new Gauge({
    name: `${PREFIX}seats_limit`,
    help: 'SEAT_LIMIT; NaN where none is set.',
    registers,
  });
  seatsUsed.set(NaN);
  seatLimit.set(NaN);
  const jobs = new Gauge({ name: `${PREFIX}jobs_running`, help: 'Work that outlasts its request.', registers });

  return {
    request({ method, route, status, durationMs }) {
      const verb = METHODS.includes(method) ? method : 'other';
      requests.inc({ method: verb, route, status: labelOf(status) });
      durations.observe({ method: verb, route }, durationMs / 1000);
    },
    authenticationFailed: (reason) => authenticationFailures.inc({ reason }),
    upstreamCall({ operation, status, durationMs }) {
      upstreamCalls.inc({ operation, status: labelOf(status) });
      upstreamDurations.observe({ operation }, durationMs / 1000);
    },
    scanEnded(outcome, durationMs) {
      scans.inc({ outcome });
      scanDurations.observe(durationMs / 1000);
    },
    indexed(state) {
      indexedAtMs = state.scannedAtMs;
      people.set(state.people);
    },
    leaversWithAccess: (count) => leavers.set(count),
    leaversWithRoles: (count) => leaversWithRoles.set(count),
    credentialRefused: (isRefused) => refused.set(isRefused ? 1 : 0),
    operationsRefused: (count) => operationsRefused.set(count),
    credentialExpires(credential, atMs) {
      if (atMs === undefined) expires.remove({ credential });
      else expires.set({ credential }, atMs / 1000);
    },
    settingsReloaded: (outcome) => reloads.inc({ outcome }),
    brakeTripped: (counter) => brakeTrips.inc({ counter }),
    brakeRefused: (counter) => brakeRefusals.inc({ counter }),
    removalsCounted: (counter, count) => removals.inc({ counter }, count),
    brakeIs(state) {
      brakeTripped.set(state.isTripped ? 1 : 0);
      accessLosses.set(state.accessLosses);
    },
    seatsAre({ used, limit }) {
      seatsUsed.set(used);
      seatLimit.set(limit);
    },
    jobsRunning: (count) => jobs.set(count),
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

/** `GET /metrics`. Mount it behind `requireCaller`: what a site does in a day is nobody else's business. */
export function serveMetrics(metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    const text = await metrics.render();
    response.setHeader('Content-Type', metrics.contentType);
    response.end(text);
  };
}

function labelOf(status: number | undefined): string {
  return status === undefined ? 'none' : String(status);
}
