import type { Role, RolesByGroup } from './roles.js';

/** What role assignments said of a group when they were last read. */
export interface KnownRoles {
  readonly roles: readonly Role[];
  readonly readAtMs: number;
}

/** Somebody who left of late, and whether roles stayed behind. */
export interface LeaverLook {
  /** SCIM id of the person, recorded inactive or deleted. */
  readonly personId: string;
  readonly accountId: string;
  /** The roles on this site that were found; undefined while it could not be looked. */
  readonly roles: readonly Role[] | undefined;
}

/** The same, as it is kept. */
export interface LookAtLeaver extends LeaverLook {
  /** ISO time. */
  readonly lookedAt: string;
}

/** What role assignments told: of groups as facts that outlive a scan, of leavers as findings. */
export interface RoleRecords {
  ofGroups(): Promise<ReadonlyMap<string, KnownRoles>>;
  putGroup(groupId: string, known: KnownRoles): Promise<void>;
  dropGroups(groupIds: readonly string[]): Promise<void>;
  /**
   * People with an account who were deactivated or deleted between the two times (ISO), or still have roles by the last
   * look, and were not looked at since then, or not without a finding since `lookedBefore`; the longest unseen first. Who
   * is suspended instead keeps the roles and is left out.
   */
  leaversToLookAt(when: {
    readonly leftSince: string;
    readonly leftBefore: string;
    readonly lookedBefore: string;
    readonly most: number;
  }): Promise<readonly { readonly personId: string; readonly accountId: string }[]>;
  /** @param atIso when it was looked */
  putLeaver(look: LeaverLook, atIso: string): Promise<void>;
  /** The last look at this account; undefined when there was none, or the person is no leaver any more. */
  leaver(accountId: string): Promise<LookAtLeaver | undefined>;
  /** Leavers whose last look found roles, or could not be made; by id. */
  openLeavers(): Promise<readonly LeaverLook[]>;
}

/**
 * How long "no roles", and "no role that grants access", are good for without being read again: a key that may read no
 * more must not open what names protect, nor keep out what grants by now.
 */
const NONE_GOOD_FOR_MS = 24 * 60 * 60 * 1000;

/** The groups that were asked about lately enough to believe that they give nothing more than what was read. */
export function readLately(known: ReadonlyMap<string, KnownRoles>, nowMs: number): ReadonlySet<string> {
  const lately = [...known].filter(([, { readAtMs }]) => nowMs - readAtMs < NONE_GOOD_FOR_MS);
  return new Set(lately.map(([groupId]) => groupId));
}

/** What is known of groups. Roles count however long ago they were read, since they only add to what a group is taken for. */
export function believed(known: ReadonlyMap<string, KnownRoles>, nowMs: number): RolesByGroup {
  const good = [...known].filter(([, { roles, readAtMs }]) => roles.length > 0 || nowMs - readAtMs < NONE_GOOD_FOR_MS);
  return new Map(good.map(([groupId, { roles }]) => [groupId, roles]));
}
