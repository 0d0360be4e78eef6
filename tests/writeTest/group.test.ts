import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { isClean, toJson, toSummary } from '../../src/writeTest/evidence.js';
import { startTrialSite, stepOf, testGroups } from './trial.js';

const writes = (calls: readonly { readonly isWrite: boolean; readonly operation: string | undefined }[]) =>
  calls.filter(({ isWrite }) => isWrite).map(({ operation }) => operation);

/** Operation and id of every belief of the contract. */
async function beliefs(): Promise<ReadonlySet<string>> {
  const text = await readFile(new URL('../../openapi/upstream.yaml', import.meta.url), 'utf8');
  const operation = z.object({
    operationId: z.string(),
    'x-beliefs': z.array(z.object({ id: z.string() })),
  });
  const { paths } = z
    .object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(parse(text, { merge: true }));
  const all = Object.values(paths).flatMap((path) => Object.values(path));
  return new Set(
    all.flatMap((one) => {
      const { data } = operation.safeParse(one);
      return (data?.['x-beliefs'] ?? []).map(({ id }) => `${data?.operationId ?? ''}/${id}`);
    }),
  );
}

describe('the write test', () => {
  it('makes a group, adds and removes the own account twice, deletes it, and finds every answer as believed', async () => {
    const site = await startTrialSite();

    const { plan, evidence } = await site.run();

    expect(plan.groupName).toMatch(/^scim-bridge-write-test-\d{4}-\d\d-\d\d-[0-9a-f]{12}$/);
    expect(writes(site.sandbox.calls)).toEqual([
      'confluence.createGroup',
      'confluence.addMember',
      'confluence.addMember',
      'confluence.removeMember',
      'confluence.removeMember',
      'confluence.deleteGroup',
    ]);
    expect(evidence).toMatchObject({ backEnd: 'organization', stopped: undefined, left: [] });
    expect(evidence.steps.map(({ status, verdict }) => `${String(status)} ${verdict}`)).not.toContain('otherwise');
    expect(isClean(evidence)).toBe(true);
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(await site.entries()).toEqual([]);
  });

  it('names for each step a belief of the contract', async () => {
    const site = await startTrialSite();
    const known = await beliefs();

    const { evidence } = await site.run({ email: 'test@example.com' });

    expect(evidence.steps.map(({ belief }) => belief).filter((belief) => !known.has(belief))).toEqual([]);
    expect(known.size).toBeGreaterThan(50);
  });

  it('measures how long reads trail behind writes', async () => {
    const site = await startTrialSite({ lag: { ms: 5_000, reads: 0 } });

    const { evidence } = await site.run();

    for (const act of ['the list of members shows it', 'the groups of the account show the group no more']) {
      const { lagMs, sent } = stepOf(evidence, act);
      expect(lagMs).toBeGreaterThanOrEqual(4_500);
      expect(lagMs).toBeLessThan(7_000);
      expect(sent).toBeGreaterThan(0);
    }
    expect(isClean(evidence)).toBe(true);
  });

  it('waits no longer than a minute, says so, and goes on', async () => {
    const site = await startTrialSite({ lag: { ms: 200_000, reads: 0 } });

    const { evidence } = await site.run();

    expect(stepOf(evidence, 'the list of members shows it')).toMatchObject({
      verdict: 'otherwise',
      lagMs: undefined,
      remark: 'Not shown within 60 s.',
    });
    expect(evidence.left).toEqual([]);
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(isClean(evidence)).toBe(false);
  });

  it.each([200, 201, 204, 400, 404, 409, 500] as const)(
    'tells that adding a member again is answered %s, which the bridge is prepared for',
    async (duplicateAdd) => {
      const site = await startTrialSite({ duplicateAdd });

      const { evidence } = await site.run();

      expect(stepOf(evidence, 'add it again')).toMatchObject({
        status: duplicateAdd,
        belief: 'confluence.addMember/addition-of-a-member',
        verdict: 'believed',
      });
      expect(evidence.left).toEqual([]);
    },
  );

  it.each([204, 400, 404] as const)('tells that removing nobody is answered %s', async (strangerRemoval) => {
    const site = await startTrialSite({ strangerRemoval });

    const { evidence } = await site.run();

    expect(stepOf(evidence, 'remove it again')).toMatchObject({
      status: strangerRemoval,
      belief: 'confluence.removeMember/removal-of-no-member',
      verdict: 'believed',
    });
    expect(isClean(evidence)).toBe(true);
  });

  it('names the belief that an unknown answer contradicts, and still deletes the group', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.next({ kind: 'error-after', method: 'DELETE', path: /userByGroupId/, status: 202, body: '' });

    const { evidence } = await site.run();

    expect(evidence.steps.filter(({ verdict }) => verdict === 'otherwise')).toMatchObject([
      { status: 202, belief: 'confluence.removeMember/undocumented-removal' },
    ]);
    expect(toSummary(evidence)).toContain('Answers NOT as believed:\n  confluence.removeMember/undocumented-removal\n');
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(isClean(evidence)).toBe(false);
  });

  it('takes an outage for no answer to the question', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.next({ method: 'POST', path: /userByGroupId/, status: 503, times: 10 });

    const { evidence } = await site.run();

    expect(stepOf(evidence, 'add your own account')).toMatchObject({ status: 503, verdict: 'undecided' });
    expect(testGroups(site.sandbox)).toEqual([]);
  });

  it('stops before anybody is in a group that turns out to grant access, and deletes it', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.when({ method: 'GET', path: /group\?accessType=/, times: 99 }, ({ path }) => {
      const made = testGroups(site.sandbox)[0];
      const group = made === undefined ? undefined : site.sandbox.findGroupByName(made);
      if (group !== undefined && path.includes('accessType=user')) {
        site.sandbox.updateGroup(group.id, { grants: 'user' });
      }
    });

    const { evidence } = await site.run();

    expect(evidence.stopped).toContain('grants access to Confluence (user)');
    expect(writes(site.sandbox.calls)).toEqual(['confluence.createGroup', 'confluence.deleteGroup']);
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(evidence.left).toEqual([]);
  });

  it('stops when the account got more with the group than the group', async () => {
    const site = await startTrialSite();
    const other = site.sandbox.addGroup({ name: 'nested' });
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () =>
      site.sandbox.addMember(other.id, site.sandbox.admin.accountId),
    );

    const { evidence } = await site.run();

    expect(evidence.stopped).toContain('more than membership');
    expect(writes(site.sandbox.calls)).toEqual([
      'confluence.createGroup',
      'confluence.addMember',
      'confluence.deleteGroup',
    ]);
    expect(testGroups(site.sandbox)).toEqual([]);
  });

  it('leaves nothing in the journal when the group is refused, and says what is missing', async () => {
    const site = await startTrialSite({ rights: 'member' });

    const { evidence } = await site.run();

    expect(evidence.stopped).toContain('does not let the bridge create groups');
    expect(evidence.left).toEqual([]);
    expect(await site.entries()).toEqual([]);
  });

  it('finds the group by its name and deletes it when the answer to its creation was lost', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.next({ kind: 'drop-after', method: 'POST', path: /\/rest\/api\/group$/ });

    const { evidence } = await site.run();

    expect(evidence.stopped).toContain('could not be created');
    expect(stepOf(evidence, 'create the group')).toMatchObject({ status: undefined, verdict: 'undecided' });
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(await site.entries()).toEqual([]);
  });

  it('ends at once when it is interrupted, and takes the group away all the same', async () => {
    const site = await startTrialSite();
    const operator = new AbortController();
    site.sandbox.faults.when({ method: 'POST', path: /userByGroupId/ }, () => operator.abort());

    const { evidence } = await site.run({ signal: operator.signal });

    expect(evidence.stopped).toBeDefined();
    expect(evidence.steps.map(({ act }) => act)).not.toContain('add it again');
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(evidence.left).toEqual([]);
  });

  it('says what it had to leave behind', async () => {
    const site = await startTrialSite();
    const heal = site.sandbox.faults.always({ method: 'DELETE', path: /group\/by-id/, status: 403 });

    const { plan, evidence } = await site.run();

    expect(evidence.left).toEqual([expect.stringContaining(plan.groupName)]);
    expect(toSummary(evidence)).toContain('LEFT BEHIND: ');
    expect(await site.entries()).toHaveLength(1);
    heal();
    expect(await site.clear()).toMatchObject([{ isGone: true }]);
    expect(testGroups(site.sandbox)).toEqual([]);
  });

  it('has a line in the audit for each of its writes [SA10]', async () => {
    const site = await startTrialSite();

    await site.run();

    const lines = await site.store.audit.list({ limit: 20 });
    expect(lines.map(({ event, caller, decision }) => [event, caller, decision]).reverse()).toEqual(
      [
        'group.created',
        'group.memberAdded',
        'group.memberAdded',
        'group.memberRemoved',
        'group.memberRemoved',
        'group.removed',
      ].map((event) => [event, 'operator', 'doctor --write-test']),
    );
  });
});

describe('the evidence', () => {
  it('has versions, back end and every call with its lag, and neither secrets nor personal data', async () => {
    const site = await startTrialSite();
    const { sandbox } = site;

    const { evidence } = await site.run({ email: 'test.person@example.com' });
    const text = toJson(evidence);

    expect(JSON.parse(text)).toMatchObject({
      versions: { bridge: expect.stringMatching(/^\d+\.\d+\.\d+/), node: process.versions.node },
      backEnd: 'organization',
      tokenKind: 'classic',
      withPerson: true,
      stopped: null,
      left: [],
      steps: expect.arrayContaining([
        {
          act: 'add it again',
          operation: 'confluence.addMember',
          status: 201,
          durationMs: expect.any(Number),
          sent: 1,
          lagMs: null,
          belief: 'confluence.addMember/addition-of-a-member',
          verdict: 'believed',
          remark: null,
        },
      ]),
    });
    const person = sandbox.findPersonByEmail('test.person@example.com');
    for (const secret of [
      'test.person',
      person?.accountId ?? 'nobody',
      sandbox.admin.accountId,
      sandbox.credentials.adminEmail,
      sandbox.credentials.apiToken,
      sandbox.credentials.orgApiKey,
      sandbox.credentials.orgId,
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('what a write test left', () => {
  it('is deleted at the next start when it is in the journal and has that name', async () => {
    const site = await startTrialSite();
    const heal = site.sandbox.faults.always({ method: 'DELETE', path: /group\/by-id/, status: 503 });
    await site.run();
    heal();
    const stranger = site.sandbox.addGroup({ name: 'scim-bridge-write-test-2026-01-15-0123456789ab' });

    const leftovers = await site.clear();

    expect(leftovers).toMatchObject([{ isGone: true }]);
    expect(testGroups(site.sandbox)).toEqual([]);
    expect(site.sandbox.findGroupByName(stranger.name)).toBeDefined();
    expect(await site.clear()).toEqual([]);
  });

  it('is left alone when somebody renamed it', async () => {
    const site = await startTrialSite();
    const heal = site.sandbox.faults.always({ method: 'DELETE', path: /group\/by-id/, status: 503 });
    const { plan } = await site.run();
    heal();
    const { id = '' } = site.sandbox.findGroupByName(plan.groupName) ?? {};
    site.sandbox.updateGroup(id, { name: 'marketing' });

    expect(await site.clear()).toEqual([]);

    expect(site.sandbox.findGroupByName('marketing')).toBeDefined();
    expect(await site.entries()).toEqual([]);
  });

  it('stays in the journal for an hour while Atlassian does not show it', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.next({ kind: 'drop-after', method: 'POST', path: /\/rest\/api\/group$/ });
    const hide = site.sandbox.faults.always({
      path: /group\/picker/,
      status: 200,
      contentType: 'application/json',
      body: { results: [], start: 0, limit: 200, size: 0, _links: {} },
    });
    const { plan, evidence } = await site.run();
    expect(evidence.left).toEqual([expect.stringContaining('may have left')]);

    site.clock.advance(30 * 60_000);
    expect(await site.clear()).toMatchObject([{ isGone: false }]);
    hide();
    expect(await site.clear()).toMatchObject([{ isGone: true }]);

    expect(site.sandbox.findGroupByName(plan.groupName)).toBeUndefined();
  });

  it('is forgotten when Atlassian has shown nothing of it for an hour', async () => {
    const site = await startTrialSite();
    site.sandbox.faults.next({ method: 'POST', path: /\/rest\/api\/group$/, status: 500 });
    const { evidence } = await site.run();
    expect(evidence.left).toHaveLength(1);

    site.clock.advance(61 * 60_000);

    expect(await site.clear()).toEqual([]);
    expect(await site.entries()).toEqual([]);
  });
});
