import { isProtected } from './access.js';
import { audit } from './auditing.js';
import type { Call } from './call.js';
import { type Dependencies, OWN_WRITE_MS } from './dependencies.js';
import { Failure, type FailureKind } from './failure.js';
import { letsIn, provesSite, type Role, type RoleReads, sayRole } from './roles.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Of late: a role that stayed behind shows at once, one that is given later is a new decision of an admin. */
const LEFT_WITHIN_MS = 7 * DAY_MS;

/** How long "no roles" is good for. */
const LOOK_AGAIN_MS = DAY_MS;

/** What one scan may ask about, one after the other: after a wave the others' turn comes with the next scans. */
const MOST_LOOKS = 20;

/** What keeps the others from being looked at as well. */
const OF_ALL: readonly FailureKind[] = ['misconfigured', 'rateLimited', 'unavailable'];

interface Leaver {
  readonly personId: string;
  readonly accountId: string;
}

/** What a look at somebody's roles came to; undefined roles when it could not be looked. */
interface Look {
  readonly roles: readonly Role[] | undefined;
  readonly failure?: Failure;
}

/**
 * After a scan: looks whether people who left of late, and are in no granting group any more, have a role on the site
 * nevertheless, which the bridge cannot take (rule SA16). A finding is an error in the log at every look and a line in
 * the audit when it is new. That there is none is believed only while the same question shows the roles of the bridge's
 * own account (rule SA2). Asks nothing without the organization's credential.
 */
export async function lookAtLeavers(deps: Dependencies, call: Call): Promise<void> {
  const { roles: reads } = deps.directory;
  if (reads === undefined) return;
  const startedAtMs = deps.clock.now();
  const iso = (agoMs: number): string => new Date(startedAtMs - agoMs).toISOString();
  const leavers = await deps.store.roles.leaversToLookAt({
    leftSince: iso(LEFT_WITHIN_MS),
    leftBefore: iso(OWN_WRITE_MS),
    lookedBefore: iso(LOOK_AGAIN_MS),
    most: MOST_LOOKS,
  });
  const proof = proofOf(reads, deps, call);
  let failure: Failure | undefined;
  for (const leaver of leavers) {
    if (isProtected({ accountId: leaver.accountId, addresses: [] }, deps) || (await isInside(leaver, deps))) continue;
    const before = call.upstream.length;
    const isBlocked = failure !== undefined && OF_ALL.includes(failure.kind);
    const look: Look = isBlocked ? { roles: undefined } : await lookAt(leaver, reads, proof, call);
    failure = look.failure ?? failure;
    await record(leaver, look.roles, iso(0), { ...call, upstream: call.upstream.slice(before) }, deps);
  }
  if (failure !== undefined) {
    deps.log.warn('The roles of people who left could not be looked at; the next scan tries again.', {
      error: failure,
      requestId: call.requestId,
    });
  }
}

/** Whoever is in a granting group is the leaver guard's to report (rule SA9). */
async function isInside({ accountId }: Leaver, deps: Dependencies): Promise<boolean> {
  return ((await deps.store.index.person(accountId))?.grantingGroupIds.length ?? 0) > 0;
}

async function lookAt(leaver: Leaver, reads: RoleReads, proof: () => Promise<boolean>, call: Call): Promise<Look> {
  try {
    const roles = (await rolesOf(leaver.accountId, reads, call)).filter(letsIn);
    return roles.length > 0 || (await proof()) ? { roles } : { roles: undefined };
  } catch (error) {
    return { roles: undefined, failure: Failure.from(error) };
  }
}

/** Somebody in no directory of the organization has no role in it. */
async function rolesOf(accountId: string, reads: RoleReads, call: Call): Promise<readonly Role[]> {
  try {
    return await reads.ofAccount(accountId, call);
  } catch (error) {
    if (Failure.from(error).kind === 'notFound') return [];
    throw error;
  }
}

/** Whether the roles of the account behind the site credential, which uses Confluence, are shown; asked when first needed. */
function proofOf(reads: RoleReads, deps: Dependencies, call: Call): () => Promise<boolean> {
  const accountId = deps.ownAccountId();
  let asked: Promise<boolean> | undefined;
  return () =>
    (asked ??= accountId === undefined ? Promise.resolve(false) : rolesOf(accountId, reads, call).then(provesSite));
}

async function record(
  { personId, accountId }: Leaver,
  roles: readonly Role[] | undefined,
  lookedAt: string,
  call: Call,
  deps: Dependencies,
): Promise<void> {
  const isOpen = await deps.store.transaction(async (records) => {
    const link = await records.people.find(personId);
    // Taken up again while it was looked.
    if (link === undefined ? (await records.tombstones.find(personId)) === undefined : link.wanted === 'active') {
      return false;
    }
    const earlier = await records.roles.leaver(accountId);
    // A look that failed takes nothing back of what an earlier one found.
    if (roles === undefined && earlier !== undefined) return false;
    await records.roles.putLeaver({ personId, accountId, roles }, lookedAt);
    if (roles !== undefined && spell(roles) !== spell(earlier?.roles ?? [])) {
      await audit(records, deps, call, {
        event: roles.length > 0 ? 'leaver.hasRole' : 'leaver.roleGone',
        subject: personId,
        object: accountId,
        decision: 'SA16',
        result: 'noted',
        ...(roles.length > 0 ? { note: `${spell(roles)}, by Atlassian's role assignments. ${REMOVE_ACCESS}` } : {}),
      });
    }
    return roles !== undefined && roles.length > 0;
  });
  if (!isOpen) return;
  deps.log.error(`A person who left has a role on the site that the bridge cannot take. ${REMOVE_ACCESS}`, {
    personId,
    roles: roles?.map(sayRole),
    requestId: call.requestId,
  });
}

/** The way out, for whoever is told of such a person. */
export const REMOVE_ACCESS = 'Choose "Remove access" for this person in Atlassian administration.';

function spell(roles: readonly Role[]): string {
  return [...new Set(roles.map(sayRole))].sort().join(', ');
}
