import { changePerson, type PersonChange } from '../provisioning/change.js';
import type { Settings } from '../provisioning/dependencies.js';
import { inTurns } from '../provisioning/turns.js';
import type { PersonView } from '../provisioning/views.js';
import type { ScimContext } from './context.js';
import { recordOf, toUser } from './mapping.js';
import { type PatchOperation, patchSteps } from './patchMessage.js';
import { planUserPatch } from './patchUser.js';
import { parseProjection, project } from './projection.js';
import { readProjectionInputs } from './queryParameters.js';
import { addressOf, profileUnsupported, type ScimRequest, UNREADABLE, withKeptName } from './users.js';

/**
 * `PATCH /Users/{id}` (rules US11, US12): the whole message is planned before any upstream call but the one that shows
 * an unlinked person. Answers 200 with the resource.
 */
export async function patchUser(
  request: ScimRequest,
  message: unknown,
  { bridge, call }: ScimContext,
): Promise<object> {
  const projection = parseProjection(readProjectionInputs(request.query), 'User');
  const operations = await inTurns(patchSteps(message, 'User'));
  const { settings } = bridge.deps;
  const view = await changePerson(
    request.target ?? '',
    (current) => decidePatch(operations, current, bridge.baseUrl, settings),
    bridge.people,
    bridge.deps,
    call,
  );
  return project(toUser(view, bridge.baseUrl), projection);
}

function decidePatch(
  operations: readonly PatchOperation[],
  view: PersonView,
  baseUrl: string,
  settings: Settings,
): PersonChange {
  const current = recordOf(view);
  const plan = planUserPatch(operations, { ...current, representation: toUser(view, baseUrl) });
  // Passwords are changed at the identity provider only, in every mode.
  const refused = [
    ...(settings.profileUpdates === 'record' ? [] : plan.changes),
    ...(plan.touchesPassword ? ['password'] : []),
  ];
  const refusal = plan.refusal ?? (refused.length > 0 ? profileUnsupported(refused) : undefined);
  const isRecorded = refusal === undefined && plan.changes.length > 0;
  const address = (record: typeof current) =>
    addressOf(record, settings.defaultEmailDomain) ?? view.link?.address ?? view.account?.email;
  const next = withKeptName(plan.next, current, plan.active);
  const externalId = plan.externalId;
  return {
    active: plan.active,
    externalId: externalId === undefined || externalId.value === view.externalId ? undefined : externalId,
    record: isRecorded ? { ...next, address: address(next) } : undefined,
    adoption: { ...current, address: address(current) },
    dropped: [
      ...plan.changes,
      ...(plan.touchesPassword ? ['password'] : []),
      ...(plan.refusal === undefined ? [] : [UNREADABLE]),
    ],
    refusal,
  };
}
