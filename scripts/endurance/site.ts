import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedCall } from '../../src/sandbox/calls.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import type { Random } from './random.js';

export const BACK_ENDS = ['organization', 'jira', 'invite'] as const;
export type BackEnd = (typeof BACK_ENDS)[number];

/** A stand-in for Atlassian in this process, which outlives the bridge, and whose calls take a moment. */
export interface Site {
  readonly sandbox: Sandbox;
  readonly backEnd: BackEnd;
  /** A second granting group; its members were put there by hand. */
  readonly secondGroupId: string;
  /** How the bridge is told of it. */
  readonly settings: Readonly<Record<string, string>>;
  /** How often the site was asked to invite an address, in lower case; not what a fault kept from it. */
  invitationsOf(email: string): number;
  /** Addresses that are invited and whose account has not appeared. */
  readonly pending: ReadonlySet<string>;
  /** Calls so far that may change something. */
  readonly writes: () => number;
  /** Resolves as soon as `writes` is that high. */
  reached(writes: number): Promise<void>;
  acceptInvitation(email: string): void;
  /** Resolves when what had been sent is carried out, also where nobody waits for the answer any more. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** Long enough for a kill to fall between the effect of a call and its record. */
const LONGEST_LATENCY_MS = 8;

export async function startSite(backEnd: BackEnd, random: Random): Promise<Site> {
  const sandbox = await startSandbox({
    organization: backEnd === 'organization',
    jira: backEnd === 'jira',
    // Accounts of the invited appear when this script says so.
    inviteAppears: 'never',
  });
  const second = sandbox.addGroup({ name: 'confluence-users-second', grants: 'user' });
  const invitations = new Map<string, ReceivedCall[]>();
  const pending = new Set<string>();
  const waiting = new Set<{ readonly writes: number; readonly reach: () => void }>();
  let [writes, underWay] = [0, 0];

  sandbox.faults.when({ times: Infinity }, async (call) => {
    const { isWrite, operation, body } = call;
    underWay += 1;
    if (isWrite) {
      writes += 1;
      for (const one of waiting) if (one.writes <= writes) one.reach();
    }
    await sleep(random.below(LONGEST_LATENCY_MS));
    for (const address of invitedBy(operation, body)) {
      invitations.set(address, [...(invitations.get(address) ?? []), call]);
      if (operation === 'confluence.inviteByEmail') pending.add(address);
    }
    underWay -= 1;
    // Whoever looks at single calls has looked.
    if (sandbox.calls.length > MOST_CALLS) sandbox.takeCalls();
  });

  const { credentials, groups, url } = sandbox;
  return {
    sandbox,
    backEnd,
    secondGroupId: second.id,
    settings: {
      ATLASSIAN_SITE_URL: url,
      ATLASSIAN_API_URL: url,
      ATLASSIAN_ADMIN_EMAIL: credentials.adminEmail,
      ATLASSIAN_API_TOKEN: credentials.apiToken,
      CONFLUENCE_ACCESS_GROUPS: groups.access.name,
      ...(backEnd === 'organization'
        ? { ATLASSIAN_ORG_ID: credentials.orgId, ATLASSIAN_ORG_API_KEY: credentials.orgApiKey }
        : {}),
    },
    // Whether they have reached the site is known only after they were sent.
    invitationsOf: (email) => (invitations.get(email) ?? []).filter(({ isServed }) => isServed).length,
    pending,
    writes: () => writes,
    reached: (wanted) =>
      new Promise((done) => {
        const one = {
          writes: wanted,
          reach: () => {
            waiting.delete(one);
            done();
          },
        };
        waiting.add(one);
      }),
    acceptInvitation(email) {
      pending.delete(email);
      sandbox.acceptInvitation(email);
    },
    async quiet() {
      do await sleep(LONGEST_LATENCY_MS);
      while (underWay > 0);
    },
    close: () => sandbox.close(),
  };
}

const MOST_CALLS = 10_000;

function invitedBy(operation: string | undefined, body: unknown): readonly string[] {
  if (operation === undefined || !/invite|createUser/i.test(operation)) return [];
  const { emails, emailAddress } = body as { readonly emails?: readonly string[]; readonly emailAddress?: string };
  return (emails ?? [emailAddress ?? '']).map((address) => address.toLowerCase());
}
