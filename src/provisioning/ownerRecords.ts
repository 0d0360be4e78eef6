/** Which caller put whom into a group (rule SA12). Memberships that none of them made have no owner. Ids are SCIM ids. */
export interface MembershipOwners {
  /** Of these people in the group, those whose membership has an owner: person id to caller. Any number of ids. */
  of(groupId: string, personIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** All of the group that have an owner: person id to caller. */
  ofGroup(groupId: string): Promise<ReadonlyMap<string, string>>;
  /** The caller owns these memberships from now on, whoever did before. */
  put(groupId: string, personIds: readonly string[], caller: string): Promise<void>;
  /** Idempotent. */
  remove(groupId: string, personIds: readonly string[]): Promise<void>;
  /** What the first person had is the second's, who keeps the owners that are there already: one person, known by two ids. */
  move(fromId: string, toId: string): Promise<void>;
  /** Every membership of the group that has an owner gets this one. */
  transfer(groupId: string, caller: string): Promise<void>;
  removeGroup(groupId: string): Promise<void>;
}
