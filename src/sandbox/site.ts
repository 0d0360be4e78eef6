import type { Credentials } from './credentials.js';
import type { SandboxOptions } from './options.js';
import { createState, type Group, type Person, type State } from './state.js';

/** What every route needs: one Confluence site with its organization. */
export interface Site {
  readonly options: SandboxOptions;
  readonly state: State;
  readonly credentials: Credentials;
  /** The groups every site starts with. */
  readonly groups: DefaultGroups;
  /** The account, a person's or a service account, whose tokens are the site credential. */
  readonly admin: Person;
  /** An app that sits in the access group, as apps do. */
  readonly appAccountId: string;
  readonly directoryId: string;
  /** Confluence's resource id in the organization. */
  readonly confluenceAri: string;
  readonly now: () => number;
  /** The address callers use; known once the server listens. */
  readonly url: () => string;
  /** Aborts when the sandbox closes. */
  readonly closing: AbortSignal;
  /** Confluence invitations whose account has not appeared. */
  readonly invitations: Map<string, { readonly email: string; readonly dueAtMs: number }>;
}

/** The groups every site starts with, as they were then. */
export interface DefaultGroups {
  /** `confluence-users-<site>`: grants Confluence; invited people land here. */
  readonly access: Group;
  /** `confluence-admins-<site>`: grants Confluence and its administration. */
  readonly admins: Group;
  readonly siteAdmins: Group;
  readonly orgAdmins: Group;
  /** Kept by another identity provider. */
  readonly synced: Group;
  /** An Atlassian team. */
  readonly team: Group;
}

/** A site as its owner finds it on the first day: the usual groups, the owner, and an app. */
export function createSite(
  options: SandboxOptions,
  credentials: Credentials,
  surroundings: Pick<Site, 'now' | 'url' | 'closing'>,
): Site {
  const state = createState(options, surroundings.now);
  const add = (name: string, details: Partial<Group>): Group => state.addGroup({ name, ...details });
  const groups: DefaultGroups = {
    access: add(`confluence-users-${options.siteName}`, { grants: 'user', isDefault: true }),
    admins: add(`confluence-admins-${options.siteName}`, { grants: 'admin', isDefault: true }),
    siteAdmins: add('site-admins', { grants: 'site-admin', isDefault: true }),
    orgAdmins: add('org-admins', {
      isDefault: true,
      writable: false,
      otherRoles: [
        {
          resourceId: `ari:cloud:platform::org/${credentials.orgId}`,
          resourceOwner: 'platform',
          role: 'atlassian/org-admin',
        },
      ],
    }),
    synced: add('synced-from-hr', { managedBy: 'EXTERNAL' }),
    team: add('Team Rocket', { usageType: 'TEAM_COLLABORATION', managedBy: 'TEAM_MEMBERS' }),
  };
  const admin = state.addPerson({
    email: credentials.adminEmail,
    displayName: 'Site Admin',
    accountType: options.siteAccount === 'person' ? 'atlassian' : 'app',
    managed: true,
    hasJira: true,
  });
  const app = state.addPerson({ accountType: 'app', displayName: 'Chart Macro App', inJira: false });
  state.joinNow(groups.access.id, admin.accountId);
  state.joinNow(groups.siteAdmins.id, admin.accountId);
  state.joinNow(groups.access.id, app.accountId);

  return {
    options,
    state,
    credentials,
    groups,
    admin,
    appAccountId: app.accountId,
    directoryId: `${credentials.orgId}-directory`,
    confluenceAri: `ari:cloud:confluence::site/${credentials.cloudId}`,
    invitations: new Map(),
    ...surroundings,
  };
}

/** Makes an account for an address that has none; its name is the address until the person says otherwise. */
export function createAccount({ state, options }: Site, email: string, details: Partial<Person> = {}): Person {
  return state.addPerson({ email, displayName: email, emailVisible: options.newAccountsShowEmail, ...details });
}

/** Puts people whose invitation has become due into the access group, as far as there are seats. */
export function settleInvitations(site: Site): void {
  if (site.invitations.size === 0) return;
  for (const { email, dueAtMs } of [...site.invitations.values()]) {
    if (dueAtMs <= site.now()) letAppear(site, email);
  }
}

/** The account of an invited address comes to be, in the directory and the access group. */
export function letAppear(site: Site, email: string): Person {
  const { state, groups, invitations } = site;
  invitations.delete(email.toLowerCase());
  const known = state.peopleWithEmail(email)[0];
  const person =
    known === undefined ? createAccount(site, email) : state.updatePerson(known.accountId, { inDirectory: true });
  const access = state.groups.get(groups.access.id);
  if (access !== undefined && !state.lacksSeat(access, person)) state.join(access.id, person.accountId);
  return person;
}

/** Whether somebody with this address can open Confluence now. */
export function hasAccess({ state }: Site, email: string): boolean {
  return state.peopleWithEmail(email).some(({ accountId }) => state.holdsSeat(accountId));
}
