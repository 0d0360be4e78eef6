import { Failure } from '../provisioning/failure.js';
import type { Json } from '../provisioning/store.js';
import type { PatchPath } from './filter.js';
import { shown } from './json.js';
import type { PatchOperation } from './patchMessage.js';
import { readExternalId } from './values.js';
import type { StatedId } from './values.js';

/** The value of an operation that cannot do without one. @throws Failure `invalid` `invalidValue` */
export function valueOf({ path, value }: PatchOperation): Json {
  if (value !== undefined) return value;
  throw new Failure('invalid', `The operation on ${shown(path)} has no value. Send a value, or use remove.`);
}

/** What an operation on `externalId` asks for. @throws Failure `invalid` */
export function externalIdOf(operation: PatchOperation, path: PatchPath): StatedId {
  refuseParts(path);
  return operation.op === 'remove' ? { value: undefined } : readExternalId(valueOf(operation));
}

/** @throws Failure `invalid` `invalidPath` where the path goes into an attribute that is a plain text */
export function refuseParts(path: PatchPath): void {
  if (path.filter === undefined && path.sub === undefined) return;
  throw new Failure(
    'invalid',
    `${shown(path.text)} addresses a part of a plain text. Send the attribute's bare name.`,
    { scimType: 'invalidPath' },
  );
}

/** What an attribute is refused with that may not be changed, or not be removed (RFC 7644 §3.12). */
export function mutability(message: string): Failure {
  return new Failure('invalid', message, { scimType: 'mutability' });
}
