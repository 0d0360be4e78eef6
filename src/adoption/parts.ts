import type { Call, Clock } from '../provisioning/call.js';
import type { Access, Dependencies, Settings } from '../provisioning/dependencies.js';
import type { Directory } from '../provisioning/directory.js';
import type { Records } from '../provisioning/store.js';

/** What a dry run reads. It writes nothing, neither upstream nor in the records. */
export interface AdoptionParts extends Pick<Dependencies, 'ownAccountId'> {
  readonly directory: Directory;
  /** Opened for reading only; empty where the bridge has never run. */
  readonly store: Records;
  readonly settings: Settings;
  readonly seatLimit: number | undefined;
  readonly access: Access;
  readonly clock: Clock;
  /** A call with a budget of its own: each person is a question by itself. */
  readonly call: () => Call;
}
