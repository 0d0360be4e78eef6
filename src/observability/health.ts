import type { RequestHandler } from 'express';

/**
 * What the bridge's health consists of.
 *
 * - `store`         the link store answers, asked whenever somebody looks
 * - `atlassian`     Atlassian was reached since the start; once true it stays true
 * - `accessGroups`  every configured access group grants access (rule SA1)
 * - `credential`    Atlassian accepts our credential (rule SA5)
 * - `brake`         the mass-removal brake refuses nothing (rule SA11)
 * - `settings`      what was read again while the bridge runs could be taken over (rule SA19)
 * - `mode`          nothing is left of a plan while the bridge is live; and a word while it observes (rule SA14)
 */
export type HealthPart = 'store' | 'atlassian' | 'accessGroups' | 'credential' | 'brake' | 'settings' | 'mode';

export interface PartState {
  readonly ok: boolean;
  /** One sentence for whoever operates the bridge. It is shown without a token: no secret, nothing personal. */
  readonly message?: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface HealthReport {
  /** `degraded`: up, and somebody should look. */
  readonly status: 'up' | 'degraded';
  /** The parts that are known so far. */
  readonly parts: Readonly<Partial<Record<HealthPart, PartState>>>;
  /** Whole seconds; null before the first scan. */
  readonly indexAgeSeconds: number | null;
}

/**
 * Without these there is no point in sending requests. A refused credential is not among them: the bridge has to stay
 * reachable so that the identity provider reads what is wrong. Nor is the first scan: requests wait for it themselves.
 */
const NEEDED: Readonly<Partial<Record<HealthPart, string>>> = {
  store: 'The store was not opened yet.',
  atlassian: 'Atlassian was not reached yet.',
  accessGroups: 'The access groups were not checked yet.',
};

/** Collects what the parts of the bridge report about themselves. */
export class Health {
  readonly #parts = new Map<HealthPart, PartState>();
  readonly #now: () => number;
  #scannedAtMs: number | undefined;
  #isStopping = false;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  set(part: HealthPart, state: PartState): void {
    // An outage of Atlassian is answered request by request; a bridge that is taken out of service explains nothing.
    if (part === 'atlassian' && this.#parts.get(part)?.ok === true) return;
    this.#parts.set(part, state);
  }

  /** A scan became the directory index. */
  indexScanned(scannedAtMs: number): void {
    this.#scannedAtMs = scannedAtMs;
  }

  /** Who asks on a connection that is there learns that the next one will be refused. */
  stopping(): void {
    this.#isStopping = true;
  }

  readiness(): Readiness {
    if (this.#isStopping) return { ready: false, reasons: ['The bridge is stopping.'] };
    const reasons = (Object.keys(NEEDED) as (keyof typeof NEEDED)[]).flatMap((part) => {
      const state = this.#parts.get(part);
      return state?.ok === true ? [] : [state?.message ?? NEEDED[part] ?? part];
    });
    return { ready: reasons.length === 0, reasons };
  }

  report(): HealthReport {
    const states = [...this.#parts.values()];
    const age =
      this.#scannedAtMs === undefined ? null : Math.max(0, Math.floor((this.#now() - this.#scannedAtMs) / 1000));
    return {
      status: states.every((state) => state.ok) ? 'up' : 'degraded',
      parts: Object.fromEntries(this.#parts),
      indexAgeSeconds: age,
    };
  }
}

/** `GET /healthz`: 200 as long as the process answers. Restarting it would cure nothing of what the body may report. */
export function serveHealth(health: Health): RequestHandler {
  return (_request, response) => {
    response.status(200).json(health.report());
  };
}

/** `GET /readyz`: 200, or 503 with the reasons. */
export function serveReadiness(health: Health): RequestHandler {
  return (_request, response) => {
    const readiness = health.readiness();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  };
}
