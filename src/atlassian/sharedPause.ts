import type { Clock } from '../provisioning/call.js';
import { Failure } from '../provisioning/failure.js';
import { BELIEVED_MS, type Pause, type PauseRecords } from '../provisioning/pauseRecords.js';
import type { Log } from './connection.js';

/** What processes with the same credential tell each other (rule SA17). Never fails. */
export interface SharedPause {
  /** @returns a pause that is not over, as others or an earlier process were told it */
  look(): Promise<Pause | undefined>;
  /** Resolves when the others can know. */
  tell(pause: Pause): Promise<void>;
}

/** For a credential that nobody shares. */
export const OWN_PAUSE: SharedPause = {
  look: () => Promise.resolve(undefined),
  tell: () => Promise.resolve(),
};

interface SharingParts {
  readonly records: PauseRecords;
  /** What stands for the credential; not the secret, since a new token of the same account is counted with the old one. */
  readonly credential: string;
  readonly clock: Clock;
  readonly log: Log | undefined;
}

/**
 * A store that does not answer leaves a process with what Atlassian told itself. To stand still would be worse: whoever
 * leaves would keep access, to spare Atlassian one call, which it refuses if it must. The store bounds its own waits.
 */
export function sharePause({ records, credential, clock, log }: SharingParts): SharedPause {
  let looking: Promise<Pause | undefined> | undefined;
  let isFailing = false;

  async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work();
      isFailing = false;
      return done;
    } catch (error) {
      if (!isFailing) {
        log?.warn('How long Atlassian asked to wait cannot be shared with other processes of the bridge.', {
          error: Failure.from(error),
        });
      }
      isFailing = true;
      return undefined;
    }
  }

  async function look(): Promise<Pause | undefined> {
    const pause = await orNothing(() => records.find(credential));
    const leftMs = (pause?.untilMs ?? 0) - clock.now();
    return leftMs > 0 && leftMs <= BELIEVED_MS ? pause : undefined;
  }

  return {
    // Calls that start together need one answer.
    look: () => (looking ??= look().finally(() => (looking = undefined))),
    tell: async (pause) => {
      await orNothing(() => records.extend(credential, pause));
    },
  };
}
