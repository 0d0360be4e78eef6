import type { Settings } from '../provisioning/dependencies.js';
import { mayOwn } from '../provisioning/ownership.js';

/** To whom a person or group belongs (rule SA12). */
export interface Owner {
  readonly caller: string;
  /** False for a caller that is not configured any more, or only reads: it keeps nothing from others. */
  readonly mayOwn: boolean;
}

/** @param link undefined for what no identity provider has been told about */
export function ownerOf(
  link: { readonly owner: string | undefined } | undefined,
  settings: Pick<Settings, 'callers'>,
): Owner | undefined {
  if (link?.owner === undefined) return undefined;
  return { caller: link.owner, mayOwn: mayOwn(link.owner, settings) };
}

export function sayOwner(owner: Owner | undefined): string {
  if (owner === undefined) return 'nobody';
  return owner.mayOwn ? owner.caller : `nobody; ${owner.caller} did, and SCIM_TOKENS does not let it write any more`;
}
