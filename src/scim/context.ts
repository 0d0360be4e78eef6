import type { Response } from 'express';
import SCIMMY from 'scimmy';
import type { Call } from '../provisioning/call.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import { Failure } from '../provisioning/failure.js';
import type { Groups } from '../provisioning/groups.js';
import type { People } from '../provisioning/people.js';
import { noteFailure } from './answers.js';
import type { BaseUrl } from './mapping.js';

/** All that the SCIM handlers work with. scimmy keeps handlers in process-wide statics, so they are given it per request. */
export interface Bridge {
  readonly people: People;
  readonly groups: Groups;
  readonly deps: Dependencies;
  readonly baseUrl: BaseUrl;
}

/** One request, as scimmy hands it to handlers. */
export interface ScimContext {
  readonly bridge: Bridge;
  readonly call: Call;
  readonly response: Response;
}

/**
 * Runs a handler so that scimmy never sees a plain error, which it would answer as 404 (rule SA3). The failure is kept
 * for the answer; scimmy gets an error with the nearest status it can carry.
 */
export async function guarded<T>(context: ScimContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const failure = Failure.from(error);
    noteFailure(context.response, failure);
    logFailure(context, failure);
    throw new SCIMMY.Types.Error(failure.kind === 'notFound' ? 404 : 500, '', 'See the noted failure');
  }
}

/** Our operator's problems and our own bugs are errors in the log; what the IdP can do something about is its answer. */
function logFailure({ bridge, call }: ScimContext, failure: Failure): void {
  const fields = {
    requestId: call.requestId,
    caller: call.caller,
    kind: failure.kind,
    upstream: failure.upstream,
    error: failure,
  };
  if (failure.kind === 'misconfigured' || failure.kind === 'unexpected')
    bridge.deps.log.error('A request failed', fields);
  else if (failure.kind === 'unavailable' || failure.kind === 'rateLimited')
    bridge.deps.log.warn('A request failed', fields);
}
