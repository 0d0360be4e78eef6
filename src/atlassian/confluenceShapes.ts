import { z } from 'zod';
import type { AccountStatus, AccountType, UpstreamAccount, UpstreamGroup } from '../provisioning/directory.js';

/** What Atlassian sends in place of an account id that it cannot tell any more; many records may share it. */
export const UNKNOWN_ACCOUNT = 'unknown';

/**
 * An id of a person or a group. It goes into paths, keys and answers as it is, so that one which could not be what it is
 * everywhere makes its answer unreadable: it is Atlassian's to explain, and no reason to believe the rest.
 */
export const idShape = z.string().regex(/^(?!\.{1,2}$)[^\p{C}\p{Z}\\/]{1,255}$/u);

/** A name as databases and JSON in UTF-8 can carry it, of any other characters. */
const nameShape = z
  .string()
  .max(1000)
  .regex(/^[^\0\p{Surrogate}]*$/u);

/** A Confluence v1 group; `usageType` and `managedBy` came later than the call and may be missing. */
export const groupShape = z
  .object({
    id: idShape,
    name: nameShape.min(1),
    usageType: z.string().nullish(),
    managedBy: z.string().nullish(),
  })
  .transform((group): UpstreamGroup => ({
    id: group.id,
    name: group.name,
    usageType: group.usageType ?? undefined,
    managedBy: group.managedBy ?? undefined,
  }));

const account = z.object({
  accountId: idShape,
  accountType: z.string().nullish(),
  accountStatus: z.string().nullish(),
  displayName: nameShape.nullish(),
  publicName: nameShape.nullish(),
  email: nameShape.nullish(),
  isGuest: z.boolean().nullish(),
  isExternalCollaborator: z.boolean().nullish(),
});

/** A person, app or customer as Confluence v1 and v2 send it. */
export const accountShape = account.transform((found): UpstreamAccount => ({
  accountId: found.accountId,
  accountType: accountType(found),
  accountStatus: accountStatus(found.accountStatus),
  // What Atlassian hides comes as null, as an empty text or not at all.
  displayName: found.displayName || found.publicName || undefined,
  email: found.email || undefined,
}));

/**
 * A member of a group. A record that Atlassian itself cannot read any more has no account id, or the word `unknown`
 * in its place: it is nobody, and no reason to call the whole listing wrong.
 */
export const memberShape = z.union([
  z.object({ accountId: z.literal(UNKNOWN_ACCOUNT) }).transform(() => undefined),
  accountShape,
  z.object({ accountId: z.undefined().optional(), type: z.enum(['unknown', 'anonymous']) }).transform(() => undefined),
]);

export function accountStatus(text: string | null | undefined): AccountStatus {
  return text === 'active' || text === 'inactive' || text === 'closed' ? text : 'unknown';
}

function accountType(found: z.infer<typeof account>): AccountType {
  // A guest has an account like anybody else's and a licence of another kind.
  if (found.isGuest === true || found.isExternalCollaborator === true) return 'guest';
  const type = found.accountType;
  return type === 'atlassian' || type === 'app' || type === 'customer' ? type : 'unknown';
}
