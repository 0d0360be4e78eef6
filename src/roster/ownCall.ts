import { randomUUID } from 'node:crypto';
import type { Call, Clock } from '../provisioning/call.js';

/**
 * A call of the bridge's own: work that several requests wait for must not end with the one that began it.
 *
 * @param signal aborts when the bridge stops
 */
export function openOwnCall(
  kind: Call['kind'],
  budgetMs: number,
  signal: AbortSignal,
  clock: Clock,
  requestId = `${kind}-${randomUUID()}`,
): Call {
  return { requestId, caller: 'bridge', kind, deadlineMs: clock.now() + budgetMs, signal, upstream: [] };
}
