import type { Call } from '../provisioning/call.js';
import { type Correction, giveAccessBack, retakeAccess, retakeFromDeleted } from '../provisioning/correcting.js';
import { giveOwedPlace, givePlaceBack, takeForeignPlace } from '../provisioning/correctingMembers.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import type { Repair } from './plan.js';

/** What the audit names as the reason of what a repair writes. */
const DRIFT_REPAIR = 'drift --repair';

/** What became of one repair. */
export type Outcome =
  | { readonly kind: Correction }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The brake had refused another removal before. */
  | { readonly kind: 'held' };

/**
 * Carries out repairs one after the other, each with a budget of its own. One failure does not stop the others; a refusal
 * of the brake (rule SA11) stops every further removal.
 */
export async function carryOutRepairs(
  repairs: readonly Repair[],
  deps: Dependencies,
  openCall: () => Call,
  onOutcome: (repair: Repair, outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let isHeld = false;
  for (const repair of repairs) {
    let outcome: Outcome = { kind: 'held' };
    if (!(repair.takes && isHeld)) {
      try {
        outcome = { kind: await correct(repair, deps, openCall()) };
      } catch (error) {
        const failure = Failure.from(error);
        isHeld ||= failure.refusedBy === 'SA11';
        outcome = { kind: 'failed', reason: failure.message };
      }
    }
    outcomes.push(outcome);
    onOutcome(repair, outcome);
  }
  return outcomes;
}

function correct({ finding }: Repair, deps: Dependencies, call: Call): Promise<Correction> {
  const { kind, person, groups } = finding;
  const place = { personId: person.id, groupId: groups[0]?.id ?? '' };
  switch (kind) {
    case 'leaverHasAccess':
      return retakeAccess(person.id, DRIFT_REPAIR, deps, call);
    case 'deletedHasAccess':
      return retakeFromDeleted(person.accountId ?? person.id, DRIFT_REPAIR, deps, call);
    case 'accessLost':
      return giveAccessBack(person.id, DRIFT_REPAIR, deps, call);
    case 'membershipOwed':
      return giveOwedPlace(place, DRIFT_REPAIR, deps, call);
    case 'memberMissing':
      return givePlaceBack(place, DRIFT_REPAIR, deps, call);
    case 'foreignMember':
      return takeForeignPlace(place, DRIFT_REPAIR, deps, call);
  }
}

export function outcomeText({ finding }: Repair, outcome: Outcome): string {
  const { name } = finding.person;
  switch (outcome.kind) {
    case 'done':
      return `done       ${name}`;
    case 'needless':
      return `needless   ${name}: Confluence and the record agree by now`;
    case 'protected':
      return `left       ${name}: protected`;
    case 'failed':
      return `not done   ${name}: ${outcome.reason}`;
    case 'held':
      return `not done   ${name}: the brake stops removals`;
  }
}
