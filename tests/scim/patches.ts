import { PATCH_OP_URN } from '../../src/scim/userAttributes.js';

/** A PATCH message of these operations. */
export function patch(...operations: readonly unknown[]): {
  readonly schemas: string[];
  readonly Operations: unknown[];
} {
  return { schemas: [PATCH_OP_URN], Operations: [...operations] };
}
