import { Failure } from '../provisioning/failure.js';
import type { Entry } from './journal.js';
import { type TakingAway, takeAway } from './takingAway.js';
import type { Call } from '../provisioning/call.js';

const UNFINISHED = {
  writeTest: {
    removed: 'A group that a write test had left was deleted.',
    unseen: 'A group that a write test may have left does not show yet.',
    failed: 'A group that a write test left could not be deleted.',
  },
  writeTestPerson: {
    removed: 'The access that a write test had left to its test person was taken.',
    unseen:
      'The test person of a write test may have or get access yet, for example by an invitation that is still open.',
    failed: 'The access that a write test left to its test person could not be taken.',
  },
} as const;

/** What became of something that a write test left. */
export interface Leftover {
  readonly isGone: boolean;
  /** One sentence what happened, and one what to do where there is something; without the address of a person. */
  readonly message: string;
}

/**
 * Takes away all that the journal holds. The caller makes sure that no write test is running.
 *
 * @param openCall a call with a budget of its own for each
 */
export async function takeLeftovers(parts: TakingAway, openCall: () => Call): Promise<readonly Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const entry of await parts.journal.list()) {
    const leftover = await settle(entry, parts, openCall());
    if (leftover !== undefined) leftovers.push(leftover);
  }
  return leftovers;
}

async function settle(entry: Entry, parts: TakingAway, call: Call): Promise<Leftover | undefined> {
  const words = UNFINISHED[entry.kind];
  const name = entry.kind === 'writeTest' ? ` It is called "${entry.name}".` : '';
  try {
    switch (await takeAway(entry, parts, call)) {
      case 'removed':
        return { isGone: true, message: `${words.removed}${name}` };
      case 'forgotten':
        return undefined;
      case 'unseen':
        return { isGone: false, message: `${words.unseen}${name} The next start of serve or doctor looks again.` };
    }
  } catch (error) {
    const why = Failure.from(error).message;
    return { isGone: false, message: `${words.failed}${name} ${why} The next start of serve or doctor tries again.` };
  }
}
