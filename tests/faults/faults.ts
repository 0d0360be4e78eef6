import type { Fault } from '../../src/sandbox/faults.js';
import type { UpstreamMessage } from './play.js';

/** What an answer, or its absence, can mean to whoever asked. The rules of the matrix go by it. */
export type Meaning =
  /** Nobody can know whether it was done. */
  | 'outage'
  /** An answer came that says nothing readable. */
  | 'garbled'
  /** The credential, or a right of it, is refused. */
  | 'credential'
  | 'later'
  /** There is no such thing, or so it says. */
  | 'absent'
  | 'conflict';

export interface UpstreamFault {
  readonly name: string;
  readonly meaning: Meaning;
  /** What the sandbox does to the calls of a message; `refused` is done to the site as a whole. */
  readonly strike: (message: UpstreamMessage) => Fault | 'refused';
}

/** No answer of the bridge and no line of its log may repeat what Atlassian says in an error. */
export const UPSTREAM_WORDS = 'Injected by the test';

/** The one fault that no call can carry, since none arrives. */
export const REFUSED = 'connection refused';

/** The one fault that takes real time. */
export const NO_ANSWER = 'no answer';

/** Longer than the pause that the bridge makes of its own accord. */
const RETRY_AFTER_SECONDS = 40;
const JSON_TYPE = 'application/json';

/** An error as the API words it, under a status that says success. */
function errorInside(operation: string): unknown {
  const message = `${UPSTREAM_WORDS}.`;
  if (operation === 'organization.inviteUsers') {
    const failed = { status: 'ERROR', statusReason: message };
    return { data: [{ id: null, email: null, results: [{ groupAssignmentResult: [failed] }] }] };
  }
  if (operation.startsWith('organization.'))
    return { errors: [{ status: '500', code: 'ADMIN-500-1', detail: message }] };
  if (operation.startsWith('jira.')) return { errorMessages: [message], errors: {} };
  return { statusCode: 500, message, errors: [{ status: 500, title: message }] };
}

function fault(name: string, meaning: Meaning, strike: UpstreamFault['strike']): UpstreamFault {
  return { name, meaning, strike };
}

/** Everything that can go wrong with one call. */
export const FAULTS: readonly UpstreamFault[] = [
  fault(REFUSED, 'outage', () => 'refused'),
  fault('reset before the effect', 'outage', () => ({ kind: 'reset' })),
  fault('reset after the effect', 'outage', () => ({ kind: 'drop-after' })),
  fault('cut off within the answer', 'outage', () => ({ kind: 'cut-off' })),
  fault(NO_ANSWER, 'outage', () => ({ kind: 'hang' })),
  fault('401', 'credential', () => ({ status: 401 })),
  fault('403', 'credential', () => ({ status: 403 })),
  fault('404', 'absent', () => ({ status: 404 })),
  fault('409', 'conflict', () => ({ status: 409 })),
  fault('429 with Retry-After', 'later', () => ({ status: 429, retryAfter: RETRY_AFTER_SECONDS })),
  fault('429', 'later', () => ({ status: 429 })),
  fault('500', 'outage', () => ({ status: 500 })),
  fault('500 after the effect', 'outage', () => ({ kind: 'error-after', status: 500 })),
  fault('502 page', 'outage', () => ({ kind: 'html', status: 502 })),
  fault('503 with Retry-After', 'outage', () => ({ status: 503, retryAfter: RETRY_AFTER_SECONDS })),
  fault('503', 'outage', () => ({ status: 503 })),
  fault('truncated JSON', 'garbled', () => ({ kind: 'truncated' })),
  fault('wrong shape', 'garbled', ({ status }) => ({
    kind: 'error-after',
    // A 204 could not hold it.
    status: status === 204 ? 200 : status,
    body: { strange: UPSTREAM_WORDS },
  })),
  fault('empty body', 'garbled', () => ({ kind: 'error-after', status: 200, body: '', contentType: JSON_TYPE })),
  fault('200 with an error inside', 'garbled', ({ operation }) => ({
    status: 200,
    body: errorInside(operation),
  })),
];
