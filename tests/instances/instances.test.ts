import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/clock.js';
import type { NumberedAuditLine } from '../../src/provisioning/auditRecords.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import type { ReceivedCall } from '../../src/sandbox/calls.js';
import { openStore } from '../../src/store/open.js';
import { hasPostgres, startPostgres, warnWithoutPostgres } from '../support/postgres.js';
import { type Cluster, startCluster } from './cluster.js';

warnWithoutPostgres('several instances are not tried');

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
/** The message of the brake names it; nobody else loses access in this file. */
const ACCESS_LOSS_LIMIT = 7;

function user(email: string): object {
  return { schemas: [USER], userName: email, emails: [{ value: email, type: 'work', primary: true }], active: true };
}

function patch(op: string, path: string, value: unknown): object {
  return { schemas: [PATCH_OP], Operations: [{ op, path, value }] };
}

const members = (ids: readonly string[]): { value: string }[] => ids.map((value) => ({ value }));

const named = (calls: readonly ReceivedCall[], operation: string): number =>
  calls.filter((call) => call.operation === operation).length;

async function auditOf({ url }: Cluster): Promise<readonly NumberedAuditLine[]> {
  const store = await openStore({ url, clock: systemClock });
  const lines: NumberedAuditLine[] = [];
  for await (const page of store.audit.pages({ pageSize: 500 })) lines.push(...page);
  await store.close();
  return lines;
}

/** Waits for something that another process does. Jest's own time limit ends it. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

// Skipped, and said aloud, only where there is no PostgreSQL; in CI that is a failure.
(hasPostgres() ? describe : describe.skip)('several instances', () => {
  const BACK_ENDS: Readonly<Record<BackEnd, string>> = {
    organization: 'organization.inviteUsers',
    jira: 'jira.createUser',
    invite: 'confluence.inviteByEmail',
  };

  it.each(['jira', 'invite'] as const)(
    'invite a person once who is created through several of them at the same moment, with the back end %s [SA17]',
    async (backEnd) => {
      const cluster = await startCluster(2, { backEnd });
      try {
        await expectInvitedOnce(cluster, backEnd);
      } finally {
        await cluster.close();
      }
    },
  );

  async function expectInvitedOnce(cluster: Cluster, backEnd: BackEnd): Promise<void> {
    const email = 'newcomer@example.com';
    cluster.sandbox.takeCalls();
    const answers = await Promise.all(Array.from({ length: 6 }, () => cluster.scim('POST', '/Users', user(email))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    expect(named(cluster.sandbox.takeCalls(), BACK_ENDS[backEnd])).toBe(1);

    // Every instance sees at once what one of them has made.
    const id = String(answers.find(({ status }) => status === 201)?.body['id']);
    for (const instance of cluster.instances) {
      expect((await instance.scim('GET', `/Users/${id}`)).body).toMatchObject({ userName: email, active: true });
      const found = await instance.scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${email}"`)}`);
      expect(found.body).toMatchObject({ totalResults: 1 });
    }
  }

  describe('on one database', () => {
    const people = Array.from({ length: 40 }, (_, n) => ({
      email: `p${n}@example.com`,
      displayName: `Person ${n}`,
      access: true,
    }));
    let cluster: Cluster;
    let ids: string[] = [];

    beforeAll(async () => {
      cluster = await startCluster(2, {
        seed: { people },
        settings: { ACCESS_LOSS_LIMIT: String(ACCESS_LOSS_LIMIT), INDEX_MAX_AGE_SECONDS: '0' },
      });
      const listed = await cluster.scim('GET', '/Users?count=100');
      ids = (listed.body['Resources'] as { id: string; userName: string }[])
        .filter(({ userName }) => userName.startsWith('p'))
        .map(({ id }) => id);
    });
    afterAll(() => cluster.close());

    async function newGroup(name: string, memberIds: readonly string[] = []): Promise<string> {
      const made = await cluster.scim('POST', '/Groups', {
        schemas: [GROUP],
        displayName: name,
        members: members(memberIds),
      });
      expect(made.status).toBe(201);
      return String(made.body['id']);
    }

    const inGroup = (groupId: string): string[] => ids.filter((id) => cluster.sandbox.groupsOf(id).includes(groupId));

    it('invite a person once, with the back end organization [SA17]', async () => {
      await expectInvitedOnce(cluster, 'organization');
    });

    it('make one group of the same message to each of them [SA17]', async () => {
      const message = { schemas: [GROUP], displayName: 'team-once', members: members(ids.slice(0, 3)) };
      const answers = await Promise.all([0, 1, 2, 3].map(() => cluster.scim('POST', '/Groups', message)));
      expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
      expect(new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body['id'])).size).toBe(1);
      expect(named(cluster.sandbox.takeCalls(), 'confluence.createGroup')).toBe(1);
    });

    it('lose none of the changes of one group that reach them at the same moment, and audit each once, in order [SA17] [SA10]', async () => {
      const [before, after] = [ids.slice(0, 10), ids.slice(10, 20)];
      const groupId = await newGroup('team-busy', before);
      const changes = [
        ...before.map((id) => patch('remove', `members[value eq "${id}"]`, undefined)),
        ...after.map((id) => patch('add', 'members', [{ value: id }])),
      ];
      const answers = await Promise.all(changes.map((change) => cluster.scim('PATCH', `/Groups/${groupId}`, change)));

      expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 204));
      expect(inGroup(groupId)).toEqual(after);
      for (const instance of cluster.instances) {
        const { body } = await instance.scim('GET', `/Groups/${groupId}`);
        expect((body['members'] as { value: string }[]).map(({ value }) => value).sort()).toEqual([...after].sort());
      }
      const lines = (await auditOf(cluster)).filter(({ object }) => object === groupId);
      const told = (event: string): string[] =>
        lines.filter((line) => line.event === event && line.result === 'done').map(({ subject }) => subject);
      expect(told('group.memberRemoved').sort()).toEqual([...before].sort());
      expect(told('group.memberAdded').sort()).toEqual([...before, ...after].sort());
      expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).sort());
    });

    it('scan one at a time, and one scan serves all that waited for it [SA17] [LI1]', async () => {
      const [first, second] = cluster.instances;
      if (first === undefined || second === undefined) throw new Error('Two instances run.');
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let hasBegun = false;
      const unhook = cluster.sandbox.faults.when({ path: /membersByGroupId/, times: 1 }, () => {
        hasBegun = true;
        return held;
      });
      cluster.sandbox.takeCalls();

      const lists = [first.scim('GET', '/Users?count=1')];
      await until(() => hasBegun);
      const [before] = await cluster.query<{ now: string }>('select clock_timestamp()::text as now');
      lists.push(second.scim('GET', '/Users?count=1'), first.scim('GET', '/Users?count=1'));
      // Nobody but an instance that waits for the lock of scans asks for one now.
      await until(async () => {
        const asking = await cluster.query(
          `select pid from pg_stat_activity where query ilike 'insert into "locks"%' and query_start > '${before?.now ?? ''}'`,
        );
        return asking.length > 0;
      });
      release();

      expect((await Promise.all(lists)).map(({ status }) => status)).toEqual([200, 200, 200]);
      unhook();
      const calls = cluster.sandbox.takeCalls();
      expect(calls.filter(({ path }) => path.includes('accessType=admin')).length).toBe(1);
    });

    it('all wait as long as Atlassian tells one of them [SA17] [SA4]', async () => {
      const [first, second] = cluster.instances;
      const [id = ''] = ids;
      cluster.sandbox.faults.next({ method: 'GET', path: /\/user\/memberof/, status: 503, retryAfter: 3 });
      const sent: number[] = [];
      const unhook = cluster.sandbox.faults.when({ times: Infinity }, () => void sent.push(Date.now()));

      const told = first?.scim('GET', `/Users/${id}`);
      await until(() => cluster.query('select 1 as one from credential_pauses').then((rows) => rows.length > 0));
      const [pause] = await cluster.query<{ until_ms: number }>(
        'select until_ms::float8 as until_ms from credential_pauses',
      );
      const before = sent.length;
      expect((await second?.scim('GET', `/Users/${id}`))?.status).toBe(200);
      expect((await told)?.status).toBe(200);
      unhook();

      expect(sent.length).toBeGreaterThan(before);
      for (const atMs of sent.slice(before)) expect(atMs).toBeGreaterThanOrEqual(pause?.until_ms ?? Infinity);
    });

    it('do not let one serve beside them that has another MODE [SA17] [SA14]', async () => {
      await expect(cluster.start({ MODE: 'observe' })).rejects.toThrow('serve ended with 78');
      expect(cluster.instances).toHaveLength(2);
    });

    it('are taken over by the others when one is killed while it invites: the person is invited once [SA17] [SA6]', async () => {
      const email = 'killed@example.com';
      const victim = await cluster.start();
      let hasArrived = false;
      cluster.sandbox.faults.when({ path: /users\/invite/ }, async () => {
        hasArrived = true;
        await cluster.kill(victim);
      });
      cluster.sandbox.takeCalls();
      const lost = victim.scim('POST', '/Users', user(email)).catch(() => undefined);
      await until(() => hasArrived);
      expect(await lost).toBeUndefined();

      await cluster.endLeases();
      const again = await cluster.scim('POST', '/Users', user(email));
      expect(again.status).toBe(201);
      expect((await cluster.scim('POST', '/Users', user(email))).status).toBe(409);
      expect(named(cluster.sandbox.takeCalls(), 'organization.inviteUsers')).toBe(1);
    });

    it('finish what one of them was doing to a group when it was killed [SA17] [GR8]', async () => {
      const victim = await cluster.start();
      const groupId = await newGroup('team-large');
      let added = 0;
      let killed: Promise<void> | undefined;
      const unhook = cluster.sandbox.faults.when({ method: 'POST', path: /\/group\/user/, times: Infinity }, () => {
        added += 1;
        if (added === 9) killed ??= cluster.kill(victim);
      });
      const message = patch('add', 'members', members(ids));
      await victim.scim('PATCH', `/Groups/${groupId}`, message).catch(() => undefined);
      await killed;
      unhook();
      expect(inGroup(groupId).length).toBeLessThan(ids.length);

      await cluster.endLeases();
      const again = await cluster.scim('PATCH', `/Groups/${groupId}`, message);
      expect(again.status).toBe(204);
      expect(inGroup(groupId)).toEqual(ids);
    });

    it('count removals together: the brake lets exactly its limit pass [SA17] [SA11]', async () => {
      const answers = await Promise.all(
        ids.slice(0, 20).map((id) => cluster.scim('PATCH', `/Users/${id}`, patch('replace', 'active', false))),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(ACCESS_LOSS_LIMIT);
      expect(answers.filter(({ status }) => status === 503)).toHaveLength(20 - ACCESS_LOSS_LIMIT);
      const access = cluster.sandbox.groups.access.id;
      expect(ids.filter((id) => !cluster.sandbox.groupsOf(id).includes(access))).toHaveLength(ACCESS_LOSS_LIMIT);
    });
  });

  it('answer 503 with Retry-After and are not ready while PostgreSQL is away, and go on when it is back [SA17]', async () => {
    const server = await startPostgres();
    const cluster = await startCluster(1, { url: server.url });
    try {
      expect((await cluster.scim('POST', '/Users', user('before@example.com'))).status).toBe(201);
      const ready = async (): Promise<number> => (await fetch(`${cluster.instances[0]?.url ?? ''}/readyz`)).status;
      expect(await ready()).toBe(200);
      await server.stop('immediate');
      const away = await cluster.scim('POST', '/Users', user('away@example.com'));
      expect(away.status).toBe(503);
      expect(Number(away.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(named(cluster.sandbox.takeCalls(), 'organization.inviteUsers')).toBe(1);

      expect(await ready()).toBe(503);

      await server.start();
      expect((await cluster.scim('POST', '/Users', user('away@example.com'))).status).toBe(201);
      expect((await cluster.scim('GET', '/Users?count=10')).status).toBe(200);
      expect(await ready()).toBe(200);
    } finally {
      await cluster.close();
      await server.remove();
    }
  });
});
