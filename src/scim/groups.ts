import { Failure } from '../provisioning/failure.js';
import type { GroupChange } from '../provisioning/groups.js';
import { inTurns } from '../provisioning/turns.js';
import type { ScimContext } from './context.js';
import { listGroups } from './groupLists.js';
import { toGroup } from './mapping.js';
import { patchSteps } from './patchMessage.js';
import { type GroupPatchPlan, groupPatchSteps, memberMatcher } from './patchGroup.js';
import { parseProjection, project, wants } from './projection.js';
import { readListQuery, readProjectionInputs } from './queryParameters.js';
import { readGroup } from './requests.js';
import { locationOf, type ScimRequest } from './users.js';

/** `GET /Groups/{id}`, `GET /Groups`. */
export async function egressGroup(request: ScimRequest, { bridge, call }: ScimContext): Promise<object> {
  if (request.target === undefined) return listGroups(readListQuery(request.query), bridge, call);
  const projection = parseProjection(readProjectionInputs(request.query), 'Group');
  const view = await bridge.groups.get(request.target, call, { members: wants(projection, 'members') });
  return project(toGroup(view, bridge.baseUrl), projection);
}

/** `POST /Groups`, `PUT /Groups/{id}`; in a PUT absent members clear (rule GR6). */
export async function ingressGroup(request: ScimRequest, { bridge, call, response }: ScimContext): Promise<object> {
  const projection = parseProjection(readProjectionInputs(request.query), 'Group');
  const input = await inTurns(readGroup(request.body));
  const memberIds = input.members ?? [];
  if (request.target !== undefined) {
    const change: GroupChange = {
      add: [],
      remove: [],
      replaceWith: memberIds,
      displayName: input.displayName,
      ...(input.externalId === undefined ? {} : { externalId: { value: input.externalId.value } }),
    };
    const view = await bridge.groups.change(request.target, change, call);
    return project(toGroup(view, bridge.baseUrl), projection);
  }
  const { displayName } = input;
  const view = await bridge.groups.create({ displayName, externalId: input.externalId?.value, memberIds }, call);
  const group = toGroup(view, bridge.baseUrl);
  response.location(locationOf(group));
  return project(group, projection);
}

/**
 * `PATCH /Groups/{id}`. Answers 204 unless `attributes` asks for a body (rule GR9): identity providers need none, and
 * reading a large group back would cost more than the change.
 */
export async function patchGroup(
  request: ScimRequest,
  message: unknown,
  { bridge, call }: ScimContext,
): Promise<object | undefined> {
  const inputs = readProjectionInputs(request.query);
  const projection = parseProjection(inputs, 'Group');
  const plan = await inTurns(groupPatchSteps(await inTurns(patchSteps(message, 'Group'))));
  const id = request.target ?? '';
  const refusal = plan.refusal ?? unsupportedAlone(plan);
  // The group's existence is asked first: one that nobody has is 404 whatever the message says (rule US11).
  await bridge.groups.change(id, refusal === undefined ? toChange(plan) : { add: [], remove: [], refusal }, call);
  if (inputs.attributes === undefined) return undefined;
  return project(
    toGroup(await bridge.groups.get(id, call, { members: wants(projection, 'members') }), bridge.baseUrl),
    projection,
  );
}

/** A message that asks for nothing else than what groups in Confluence do not have; beside a change it is dropped. */
function unsupportedAlone(plan: GroupPatchPlan): Failure | undefined {
  if (plan.otherChanges.length === 0 || changesAnything(plan)) return undefined;
  return new Failure(
    'unsupported',
    `${plan.otherChanges.join(', ')} cannot be set: a group in Confluence has a name and members only. Leave it out of the mapping.`,
  );
}

function changesAnything(plan: GroupPatchPlan): boolean {
  const { add, remove, replace, removeMatching, displayName, externalId } = plan;
  return add.length + remove.length + removeMatching.length > 0 || (replace ?? displayName ?? externalId) !== undefined;
}

function toChange(plan: GroupPatchPlan): GroupChange {
  const matchers = plan.removeMatching.map(memberMatcher);
  return {
    add: plan.add,
    remove: plan.remove,
    ...(plan.replace === undefined ? {} : { replaceWith: plan.replace }),
    ...(plan.removesAll ? { removesAll: true } : {}),
    ...(matchers.length === 0
      ? {}
      : {
          removeMatching: (ids: readonly string[]) =>
            ids.filter((value) => matchers.some((isSelected) => isSelected({ value }))),
        }),
    ...(plan.displayName === undefined ? {} : { displayName: plan.displayName }),
    ...(plan.externalId === undefined ? {} : { externalId: { value: plan.externalId.value } }),
  };
}

/** `DELETE /Groups/{id}`. */
export async function degressGroup(request: ScimRequest, { bridge, call }: ScimContext): Promise<void> {
  if (request.target === undefined) throw new Failure('unexpected', 'DELETE needs the id of a group.');
  await bridge.groups.remove(request.target, call);
}
