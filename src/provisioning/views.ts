import type { UpstreamAccount } from './directory.js';
import type { PersonLink } from './store.js';

/** A person as the domain knows one now: what SCIM answers are built from (`scim/mapping.ts`). */
export interface PersonView {
  /** SCIM id. */
  readonly id: string;
  readonly accountId: string | undefined;
  /** Undefined for a person nobody provisioned or adopted yet. */
  readonly link: PersonLink | undefined;
  /** The asking caller's externalId. */
  readonly externalId: string | undefined;
  /** What Confluence shows; needed for people without a link, undefined when it was not read. */
  readonly account: UpstreamAccount | undefined;
  readonly active: boolean;
  /** Undefined when they were not asked for (lists). Groups owed to the person included. */
  readonly groups: readonly { readonly id: string; readonly displayName: string }[] | undefined;
  /** ISO times. */
  readonly createdAt: string;
  readonly modifiedAt: string;
}

export interface GroupView {
  readonly id: string;
  /** The recorded name where there is one, else Confluence's. */
  readonly displayName: string;
  readonly externalId: string | undefined;
  /** SCIM ids; undefined when they were not asked for. */
  readonly memberIds: readonly string[] | undefined;
  readonly createdAt: string;
  readonly modifiedAt: string;
}
