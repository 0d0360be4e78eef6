import { Failure } from '../provisioning/failure.js';
import type { JsonObject } from '../provisioning/store.js';
import type { PatchPath } from './filter.js';
import { isJsonList, property } from './json.js';
import { applyChange } from './patchEngine.js';
import { readPath, statedActive, userAttributeOf } from './patchMessage.js';
import type { PatchOperation } from './patchMessage.js';
import { externalIdOf, mutability, refuseParts, valueOf } from './patchRefusals.js';
import { changedAttributes } from './profile.js';
import type { Profile } from './profile.js';
import { readName } from './values.js';
import type { StatedId } from './values.js';

/** What a PATCH of a User asks for, planned as a whole before anything is done (rule US11). */
export interface UserPatchPlan {
  /** The last statement of `active`; undefined when the message states none. Filled also when `refusal` is. */
  readonly active: boolean | undefined;
  /** The last statement of `externalId`. */
  readonly externalId: StatedId | undefined;
  /** Names of the profile attributes that would really change; the caller decides between 501 and recording them. */
  readonly changes: readonly string[];
  /** What the record would be with those changes; only of use without `refusal`. */
  readonly next: Profile;
  /** The message has an operation on `password`, which is 501 in every mode. */
  readonly touchesPassword: boolean;
  /**
   * Why the message is to be refused with 400, unless it deactivates (rule US12): a path or value that cannot be read, then
   * a read-only or required attribute (`mutability`), then a value path without match (`noTarget`).
   */
  readonly refusal: Failure | undefined;
}

/**
 * Plans a PATCH of a User: carries its operations out on a copy of the record, in order, and compares. What leaves the
 * representation as it is, is no change.
 *
 * @param current the record, and the User as GET answers it
 * @throws Failure `invalid` `invalidValue` as {@link statedActive}
 */
export function planUserPatch(
  operations: readonly PatchOperation[],
  current: Profile & { readonly representation: JsonObject },
): UserPatchPlan {
  const before: Profile = { userName: current.userName, profile: current.profile };
  const refusals: Failure[] = [];
  let next = before;
  let externalId: StatedId | undefined;
  let touchesPassword = false;

  for (const operation of operations) {
    const path = readPath(operation);
    try {
      if (path instanceof Failure) throw path;
      if (operation.problem !== undefined) throw operation.problem;
      const { op, value } = operation;
      switch (userAttributeOf(path)) {
        case undefined:
          next = { ...next, profile: applyChange(next.profile, { op, path, value }) };
          break;
        case 'userName':
          next = { ...next, userName: userNameOf(operation, path) };
          break;
        case 'externalId':
          externalId = externalIdOf(operation, path);
          break;
        case 'password':
          touchesPassword = true;
          break;
        default:
          refuseProtected(operation, path, current.representation);
      }
    } catch (error) {
      refusals.push(Failure.from(error));
    }
  }
  return {
    active: statedActive(operations),
    externalId,
    changes: changedAttributes(before, next),
    next,
    touchesPassword,
    refusal: firstOf(refusals),
  };
}

function userNameOf(operation: PatchOperation, path: PatchPath): string {
  refuseParts(path);
  const userName = operation.op === 'remove' ? undefined : readName(valueOf(operation), 'userName');
  if (userName === undefined)
    throw mutability('userName is required and cannot be removed. Replace it with another one.');
  return userName;
}

/** For `active` without a statement, and for what only the bridge sets; what changes nothing passes. */
function refuseProtected({ op, value }: PatchOperation, path: PatchPath, representation: JsonObject): void {
  const isRemoval = op === 'remove' || value === null;
  switch (path.attribute) {
    case 'active':
      if (isRemoval) throw mutability('active cannot be removed. Replace it with true or false.');
      return;
    case 'schemas':
      if (isRemoval) throw mutability('schemas is required and cannot be removed.');
      return;
    case 'id':
      if (!isRemoval && path.filter === undefined && value === property(representation, 'id')) return;
      break;
    case 'groups':
      if (op !== 'remove' && (value === null || (isJsonList(value) && value.length === 0))) return;
      throw mutability('groups is read-only. Change the members of the group instead.');
  }
  throw mutability(`${path.attribute} is read-only. Leave it out.`);
}

/** The order of refusals of rule US11; within one kind, the order of the message. */
function firstOf(refusals: readonly Failure[]): Failure | undefined {
  const rank = ({ scimType }: Failure): number => (scimType === 'noTarget' ? 2 : scimType === 'mutability' ? 1 : 0);
  return refusals.toSorted((a, b) => rank(a) - rank(b))[0];
}
