import { Agent, request, type IncomingMessage } from 'node:http';

import { describe, expect, it } from '@jest/globals';

import { runSandbox } from '../../src/sandbox/run.js';
import { at, each, startCallers } from './callers.js';

const current = '/wiki/rest/api/user/current';

describe('the list of calls', () => {
  it('holds every call in order with its operation, status, body and credential', async () => {
    const { site, directory, anonymous, sandbox } = await startCallers();
    await site('GET', `${current}?expand=operations`);
    await site('POST', '/wiki/rest/api/group', { name: 'x' });
    await directory('POST', '/users/search', { emails: ['a@example.com'] });
    await anonymous('GET', '/_edge/tenant_info');

    expect(sandbox.calls).toMatchObject([
      {
        method: 'GET',
        path: `${current}?expand=operations`,
        operation: 'confluence.getCurrentUser',
        status: 200,
        credential: 'classic',
        isWrite: false,
      },
      { method: 'POST', operation: 'confluence.createGroup', status: 201, body: { name: 'x' }, isWrite: true },
      { method: 'POST', operation: 'organization.searchUsers', credential: 'organization', isWrite: false },
      { method: 'GET', operation: 'site.tenantInfo', credential: 'none', isWrite: false },
    ]);
  });

  it('is handed over and begins anew', async () => {
    const { site, sandbox } = await startCallers();
    await site('GET', current);
    expect(sandbox.takeCalls()).toHaveLength(1);
    expect(sandbox.calls).toEqual([]);
  });

  it('says of users-bulk and check-access that they are reads, of an invitation that it is a write', async () => {
    const { site, sandbox } = await startCallers();
    await site('POST', '/wiki/api/v2/users-bulk', { accountIds: ['x'] });
    await site('POST', '/wiki/api/v2/user/access/check-access-by-email', { emails: ['a@example.com'] });
    await site('POST', '/wiki/api/v2/user/access/invite-by-email', { emails: ['a@example.com'] });
    expect(sandbox.calls.map(({ isWrite }) => isWrite)).toEqual([false, false, true]);
  });
});

describe('what the sandbox does not know', () => {
  it.each([
    ['GET', '/wiki/rest/api/space'],
    ['PUT', '/wiki/rest/api/group/by-id?id=x'],
    ['GET', '/wiki/rest/api/group/member'],
    ['GET', '/rest/api/3/users'],
    ['GET', '/'],
  ])('is refused and recorded: %s %s', async (method, path) => {
    const { site, sandbox } = await startCallers();
    const { status, text } = await site(method, path);
    expect(status).toBe(404);
    expect(text).toContain('does not know');
    expect(sandbox.calls).toMatchObject([{ method, path, operation: undefined, status: 404 }]);
  });

  it('answers broken JSON with 400 and another media type with 415', async () => {
    const { sandbox } = await startCallers();
    const { adminEmail, apiToken } = sandbox.credentials;
    const post = async (body: string, type: string): Promise<number> => {
      const reply = await fetch(`${sandbox.url}/wiki/rest/api/group`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${Buffer.from(`${adminEmail}:${apiToken}`).toString('base64')}`,
          'X-Atlassian-Token': 'no-check',
          'Content-Type': type,
        },
        body,
      });
      await reply.text();
      return reply.status;
    };
    expect(await post('{"name":', 'application/json')).toBe(400);
    expect(await post('', 'application/json')).toBe(400);
    expect(await post('{"name":"x"}', 'text/plain')).toBe(415);
    expect(await post('{"name":"x"}', 'application/json; charset=utf-8')).toBe(201);
  });
});

describe('the server', () => {
  it('keeps connections alive', async () => {
    const { sandbox } = await startCallers();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = (): Promise<boolean> =>
      new Promise((resolve, reject) => {
        const sent = request(`${sandbox.url}/_edge/tenant_info`, { agent }, (reply: IncomingMessage) => {
          reply.resume().on('end', () => resolve(sent.reusedSocket));
        });
        sent.on('error', reject).end();
      });
    expect([await get(), await get()]).toEqual([false, true]);
    agent.destroy();
  });

  it('closes at once, twice without complaint, and is then gone', async () => {
    const { site, sandbox } = await startCallers();
    await site('GET', current);
    await sandbox.close();
    await sandbox.close();
    await expect(site('GET', current)).rejects.toThrow();
  });

  it('says when its port is taken', async () => {
    const { sandbox } = await startCallers();
    await expect(startCallers({ port: Number(new URL(sandbox.url).port) })).rejects.toThrow('EADDRINUSE');
  });

  it('seeds 6000 people and lists a group of 5000', async () => {
    const people = Array.from({ length: 6000 }, (_, index) => ({
      email: `p${index}@example.com`,
      access: index < 5000,
    }));
    const { site, sandbox } = await startCallers({ seed: { people } });
    const { id } = sandbox.groups.access;
    const seen = new Set<unknown>();
    for (let start = 0; start < 5200; start += 200) {
      const { body } = await site('GET', `/wiki/rest/api/group/${id}/membersByGroupId?start=${start}&limit=200`);
      for (const accountId of each(at(body, 'results'), 'accountId')) seen.add(accountId);
    }
    expect(seen.size).toBe(5002);
  });

  it('plants seed groups with their members, and refuses a member it does not have', async () => {
    const people = [{ email: 'ada@example.com' }];
    const { sandbox } = await startCallers({
      seed: { people, groups: [{ name: 'engineering', members: ['ada@example.com'] }] },
    });
    const group = sandbox.findGroupByName('engineering');
    expect(sandbox.membersOf(group?.id ?? '')).toEqual([sandbox.findPersonByEmail('ada@example.com')?.accountId]);
    await expect(startCallers({ seed: { groups: [{ name: 'x', members: ['nobody@example.com'] }] } })).rejects.toThrow(
      'no person',
    );
  });
});

describe('runSandbox', () => {
  it('prints the address, settings that fit and calls to try, then each call', async () => {
    let printed = '';
    const sandbox = await runSandbox({ port: 0, jira: false, write: (text) => (printed += text) });
    const { adminEmail, apiToken, orgApiKey } = sandbox.credentials;
    expect(printed).toContain(`ATLASSIAN_SITE_URL=${sandbox.url}\n`);
    expect(printed).toContain(`ATLASSIAN_API_URL=${sandbox.url}\n`);
    expect(printed).toContain(`ATLASSIAN_ADMIN_EMAIL=${adminEmail}\nATLASSIAN_API_TOKEN=${apiToken}\n`);
    expect(printed).toContain(`ATLASSIAN_ORG_API_KEY=${orgApiKey}\n`);
    expect(printed).toContain('CONFLUENCE_ACCESS_GROUPS=confluence-users-sandbox\n');
    expect(printed).not.toContain('/rest/api/3/');
    expect(sandbox.membersOf(sandbox.findGroupByName('engineering')?.id ?? '')).toHaveLength(2);

    await (await fetch(`${sandbox.url}/nonsense`)).text();
    await sandbox.close();
    expect(printed).toContain('404 GET /nonsense (unknown route)\n');
  });
});
