import type { Clock } from '../provisioning/call.js';
import type { Log } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import { repeatedly } from '../provisioning/waiting.js';

/** How often the store is asked whether another instance has renewed the index. */
const LOOK_MS = 10 * 1000;

/** Notices scans of other instances, so that an instance that does not scan itself does not go by an old one. */
export interface IndexWatch {
  readonly start: () => void;
  /** Ends the waiting at once, and resolves when nothing of it is left. */
  readonly stop: () => Promise<void>;
  /** Looks now. */
  readonly look: () => Promise<void>;
  /** That scan is this instance's own. */
  readonly know: (scannedAtMs: number) => void;
}

interface WatchParts {
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly scannedAtMs: () => Promise<number | undefined>;
  /** Another instance has committed a scan. */
  readonly renewed: (scannedAtMs: number) => Promise<void>;
}

export function createIndexWatch({ clock, log, scannedAtMs, renewed }: WatchParts): IndexWatch {
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;
  let knownAtMs: number | undefined;

  async function look(): Promise<void> {
    try {
      const atMs = await scannedAtMs();
      if (atMs === undefined || atMs === knownAtMs) return;
      await renewed(atMs);
      knownAtMs = atMs;
    } catch (error) {
      log.warn('What another instance has scanned could not be looked at; it is looked at again soon.', {
        error: Failure.from(error),
      });
    }
  }

  return {
    start() {
      loop ??= repeatedly(LOOK_MS, { clock, signal: stopping.signal }, look);
    },
    async stop() {
      stopping.abort();
      await loop;
    },
    look,
    know(atMs) {
      knownAtMs = atMs;
    },
  };
}
