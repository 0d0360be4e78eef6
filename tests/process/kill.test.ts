import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { type ServeProcess, startServe } from './child.js';

const PEOPLE = 24;
/** In flight at once, as a busy identity provider sends them. */
const LANES = 6;
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Wanted {
  readonly email: string;
  readonly active: boolean;
}

/** Newcomers, of whom every third leaves at once; and old hands in two granting groups, who all leave. */
const NEWCOMERS: readonly Wanted[] = Array.from({ length: PEOPLE }, (_, n) => ({
  email: `new${n}@example.com`,
  active: n % 3 !== 0,
}));
const OLD_HANDS: readonly Wanted[] = Array.from({ length: PEOPLE / 2 }, (_, n) => ({
  email: `old${n}@example.com`,
  active: false,
}));

describe('serve, killed in the middle of a stream of changes', () => {
  it.each([
    ['organization', { organization: true, jira: false }],
    ['jira', { organization: false, jira: true }],
    ['invite', { organization: false, jira: false }],
  ] as const)(
    'converges on the %s back end: the wanted end, nobody invited twice, no taken group forgotten [SA6]',
    async (backEnd, site) => {
      const sandbox = await startSandbox(site);
      closing.push(() => sandbox.close());
      const folder = mkdtempSync(join(tmpdir(), 'bridge-kill-'));
      closing.push(() => rmSync(folder, { recursive: true, force: true }));
      const second = sandbox.addGroup({ name: 'confluence-users-second', grants: 'user' });
      for (const { email } of OLD_HANDS) {
        const person = sandbox.addPerson({ email, displayName: email, access: true });
        sandbox.addMember(second.id, person.accountId);
      }
      const settings = {
        CONFLUENCE_ACCESS_GROUPS: sandbox.groups.access.name,
        // More people leave here than the mass-removal brake lets go; tests/process/brake.test.ts is about that.
        ACCESS_LOSS_LIMIT: '100',
        ...(backEnd === 'organization'
          ? { ATLASSIAN_ORG_ID: sandbox.credentials.orgId, ATLASSIAN_ORG_API_KEY: sandbox.credentials.orgApiKey }
          : {}),
      };
      const start = async (): Promise<ServeProcess> => {
        const serve = await startServe(sandbox, join(folder, 'bridge.db'), settings);
        closing.push(() => serve.kill());
        return serve;
      };

      for (const killAfterMs of [60, 180, 400]) {
        const serve = await start();
        const stream = play(serve, [...OLD_HANDS, ...NEWCOMERS]).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, killAfterMs));
        await serve.kill();
        await stream;
      }
      const serve = await start();
      await play(serve, [...OLD_HANDS, ...NEWCOMERS]);

      const access = sandbox.membersOf(sandbox.groups.access.id);
      for (const { email, active } of [...OLD_HANDS, ...NEWCOMERS]) {
        const accountId = sandbox.findPersonByEmail(email)?.accountId ?? `nobody for ${email}`;
        expect({ email, hasAccess: access.includes(accountId) }).toEqual({ email, hasAccess: active });
      }
      expect(sandbox.membersOf(second.id)).toEqual([]);
      expect(invitedTwice(sandbox)).toEqual([]);

      for (const { email } of OLD_HANDS) {
        const reply = await serve.scim('PATCH', `/Users/${await idOf(serve, email)}`, patch(true));
        expect({ status: reply.status, detail: reply.body['detail'] }).toEqual({ status: 200, detail: undefined });
      }
      expect(sandbox.membersOf(second.id)).toHaveLength(OLD_HANDS.length);
    },
    60_000,
  );
});

/** What an identity provider does: create, take a 409 for "there already", look up, and say who is to be inactive. */
async function play(serve: ServeProcess, people: readonly Wanted[]): Promise<void> {
  const queue = [...people];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { email, active } = next;
      const created = await serve.scim('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: email,
        emails: [{ value: email, type: 'work', primary: true }],
        externalId: `ext-${email}`,
        active: true,
      });
      if (created.status !== 201 && created.status !== 409)
        throw new Error(`POST ${created.status} ${String(created.body['detail'])}`);
      if (active) continue;
      const left = await serve.scim('PATCH', `/Users/${await idOf(serve, email)}`, patch(false));
      if (left.status !== 200) throw new Error(`PATCH ${left.status} ${String(left.body['detail'])}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function idOf(serve: ServeProcess, email: string): Promise<string> {
  const found = await serve.scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${email}"`)}`);
  const [user] = found.body['Resources'] as readonly { readonly id: string }[];
  if (user === undefined) throw new Error(`${email} is not found`);
  return encodeURIComponent(user.id);
}

function patch(active: boolean): object {
  return { schemas: [PATCH_OP], Operations: [{ op: 'replace', value: { active } }] };
}

/** Addresses that were given to an inviting call more than once. */
function invitedTwice(sandbox: Sandbox): string[] {
  const counts = new Map<string, number>();
  for (const { operation, body } of sandbox.calls) {
    if (!/invite|createUser/i.test(operation ?? '')) continue;
    const { emails, emailAddress } = body as { emails?: string[]; emailAddress?: string };
    for (const email of emails ?? [emailAddress ?? '']) counts.set(email, (counts.get(email) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([email]) => email);
}
