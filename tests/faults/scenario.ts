import type { BackEnd } from '../../src/provisioning/directory.js';
import type { TokenKind } from '../../src/atlassian/connection.js';
import type { SandboxOptions } from '../../src/sandbox/options.js';
import type { Cast } from './cast.js';

/** The sites and configurations that people are provisioned to. */
export const SITES = {
  organization: { backEnd: 'organization' },
  /** An organization whose leavers are suspended. */
  suspending: { backEnd: 'organization', settings: { DEACTIVATION: 'suspend' } },
  /** A token with scopes, whose calls go through the gateway. */
  scoped: { backEnd: 'organization', tokenKind: 'scoped' },
  jira: { backEnd: 'jira' },
  /** The account of somebody who is invited is there when the person accepts. */
  invite: { backEnd: 'invite', sandbox: { inviteAppears: 'never' } },
} satisfies Readonly<Record<string, SiteKind>>;

export interface SiteKind {
  readonly backEnd: BackEnd;
  readonly tokenKind?: TokenKind;
  readonly settings?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<SandboxOptions>;
}

export type SiteName = keyof typeof SITES;

/** What a scan reads: the groups that grant by each kind of access, all groups, who is in those, and what seems empty. */
export const SCAN: readonly string[] = [
  'confluence.listGroups',
  'confluence.listGroups',
  'confluence.listGroups',
  'confluence.listGroups',
  'confluence.listMembers',
  'confluence.listMembers',
  'confluence.listMembers',
  'confluence.listMembers',
  'confluence.getGroup',
  'confluence.getGroup',
];

/** Cells that are prepared together, so that one scan serves them all. */
export const BATCH = 20;

/** A message to the bridge, or a scan of its own. */
export type Request =
  | {
      readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
      readonly path: string;
      readonly body?: object;
    }
  | 'scan';

/** What is played with the people and groups of one cell. */
export interface Script {
  readonly request: Request;
  /** Done right before the request, when everybody is prepared and the bridge's own writes have aged. */
  readonly justBefore?: () => void;
  /** Leads Confluence back to where it was before the request. */
  readonly undo?: Request;
  /** Sent when the request fails, in place of the request again: whoever asked thinks better of it. */
  readonly regret?: Request;
}

/** One SCIM operation in one situation. */
export interface Scenario {
  readonly title: string;
  /** As `openapi/scim-bridge.yaml` names it; `scan` for what the bridge does of its own accord. */
  readonly operation: string;
  /** The upstream calls that it makes without any fault, in any order, by site; repeated messages once. */
  readonly calls: Readonly<Partial<Record<SiteName, readonly string[]>>>;
  /** How many cells are played with the same people and groups, where the request leaves everything as it is; else one. */
  readonly cellsPerCast?: number;
  /** A bridge and a site of its own for every cast: what is read or changed is not of one cell alone. */
  readonly isAlone?: boolean;
  /** The bridge has not read the directory yet; with `isAlone`. */
  readonly isUnscanned?: boolean;
  /** Makes what has to be there. */
  readonly prepare: (cast: Cast) => Promise<Script>;
}
