import { startSandbox } from '../../src/sandbox/server.js';
import { startRecorder, type Exchange } from './recorder.js';

/** Calls to those operations of the sandbox that the bridge does not use: people try them by hand, and tests look in. */
export async function playUncalled(): Promise<readonly Exchange[]> {
  const sandbox = await startSandbox();
  const recorder = await startRecorder(sandbox.url);
  const { adminEmail, apiToken, orgApiKey, orgId } = sandbox.credentials;
  const basic = `Basic ${Buffer.from(`${adminEmail}:${apiToken}`).toString('base64')}`;

  async function send(authorization: string, method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(recorder.url + path, {
      method,
      headers: {
        Authorization: authorization,
        'X-Atlassian-Token': 'no-check',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    await response.arrayBuffer();
  }
  const site = (method: string, path: string): Promise<void> => send(basic, method, path);
  const organization = (method: string, path: string, body?: object): Promise<void> =>
    send(`Bearer ${orgApiKey}`, method, `/admin/v2/orgs/${orgId}${path}`, body);

  const ada = sandbox.addPerson({ email: 'ada@example.com' }).accountId;
  const group = sandbox.addGroup({ name: 'crew' }).id;
  try {
    for (const accountId of [ada, 'nobody']) {
      await site('GET', `/wiki/rest/api/user?accountId=${accountId}`);
      await site('GET', `/rest/api/3/user?accountId=${accountId}&expand=groups,applicationRoles`);
    }
    await site('GET', '/rest/api/3/myself');
    await site('DELETE', `/rest/api/3/user?accountId=${ada}`);

    await organization('GET', '/directories');
    await organization('POST', '/workspaces', {});
    await organization('GET', '/directories/-/users?limit=1');
    await organization('POST', '/directories/-/users/search', {
      expand: ['groups', 'platformRoles', 'counts.resources', 'productAccess'],
    });
    await organization('GET', '/directories/-/groups?limit=2');
    await organization('POST', '/directories/-/groups/search', { groupNames: ['crew'], expand: ['counts.users'] });
    await organization('POST', '/directories/-/groups', { name: 'new', description: 'made by hand' });
    for (const id of [group, 'nothing']) {
      await organization('GET', `/directories/-/groups/${id}`);
      await organization('POST', `/directories/-/groups/${id}/memberships`, { accountId: ada });
      await organization('DELETE', `/directories/-/groups/${id}/memberships/${ada}`);
      await organization('DELETE', `/directories/-/groups/${id}`);
    }
    for (const accountId of [ada, 'nobody']) {
      await organization('GET', `/directories/-/users/${accountId}`);
      await organization('DELETE', `/directories/-/users/${accountId}`);
    }
    return recorder.exchanges;
  } finally {
    await recorder.close();
    await sandbox.close();
  }
}
