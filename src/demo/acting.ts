import type { Call, Clock } from '../provisioning/call.js';
import { openOwnCall } from '../roster/ownCall.js';
import type { Reply, ScimClient } from './client.js';

const COMMAND_MS = 30_000;

/** An identity provider says whether a user is to have access, and nothing else. */
export function stateActive(client: ScimClient, id: string, active: boolean): Promise<Reply> {
  return client('PATCH', `/Users/${encodeURIComponent(id)}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active } }],
  });
}

/** A call in the name of an operator who types a command. */
export function operatorCall(clock: Clock): Call {
  return { ...openOwnCall('request', COMMAND_MS, new AbortController().signal, clock), caller: 'operator' };
}

/** @throws Error that ends the demo */
export function assert(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
