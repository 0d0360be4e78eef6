import { audit } from './auditing.js';
import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import { Failure } from './failure.js';

/** What was attempted, for the audit. */
export interface Attempt {
  readonly event: string;
  /** SCIM id of the person, or group id; `new` for something that has no id yet. */
  readonly subject: string;
}

/**
 * Runs a check that may refuse an attempt to change access, and leaves a line in the audit when it does (rule SA10).
 *
 * @param decision the rule or setting that decides
 */
export async function refusing<T>(
  decision: string,
  attempt: Attempt,
  deps: Dependencies,
  call: Call,
  check: () => T | Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (error) {
    const failure = Failure.from(error);
    const isRefusal =
      failure.refusedBy !== undefined ||
      ['invalid', 'notFound', 'conflict', 'refused', 'forbidden', 'unsupported'].includes(failure.kind);
    await audit(deps.store, deps, call, {
      ...attempt,
      decision: failure.refusedBy ?? decision,
      result: isRefusal ? 'refused' : 'failed',
      note: failure.kind,
    });
    throw failure;
  }
}
