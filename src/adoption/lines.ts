/** What the first contact of an identity provider would do about one person. */
export type PersonOutcome =
  | 'adopted'
  | 'givenAccess'
  | 'created'
  | 'invited'
  | 'linked'
  | 'connected'
  | 'connectionTest'
  | 'severalAccounts'
  | 'sameAccount'
  | 'hidden'
  | 'unusable'
  | 'protected'
  | 'domainNotAllowed'
  | 'overSeatLimit'
  | 'nobody'
  | 'notAnAddress';

export interface PersonLine {
  readonly kind: 'person';
  /** The address or id that was asked for; else the visible address of somebody with access. */
  readonly who: string | undefined;
  readonly accountId: string | undefined;
  readonly outcome: PersonOutcome;
  /** In a group that grants access, now; undefined where nobody can tell. */
  readonly hasAccess: boolean | undefined;
  /** Names of groups of this person that SCIM manages. */
  readonly groups: readonly string[];
  /** The user that is recorded already. */
  readonly user:
    { readonly id: string; readonly owner: string | undefined; readonly wanted: 'active' | 'inactive' } | undefined;
}

export type GroupOutcome = 'adoptable' | 'linked' | 'refused' | 'duplicate' | 'missing';

export interface GroupLine {
  readonly kind: 'group';
  readonly id: string | undefined;
  readonly name: string;
  readonly outcome: GroupOutcome;
  readonly grantsAccess: boolean;
  /** The caller that owns it, where it is managed already (rule SA12). */
  readonly owner: string | undefined;
  /** Why SCIM would not change it, in the words of the refusal. */
  readonly reason: string | undefined;
}

/** The last line. */
export interface SummaryLine {
  readonly kind: 'summary';
  readonly people: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, number>>;
  /** With `SEAT_LIMIT`: taken now, and by those whom the lines above would give access. */
  readonly seats: { readonly limit: number; readonly used: number; readonly asked: number } | undefined;
}

export type AdoptionLine = PersonLine | GroupLine | SummaryLine;
