import { describe, expect, it } from '@jest/globals';
import { idOf, patch, user } from '../scim/exchanges.js';
import { expectScimError, startTestBridge, type TestBridge } from '../support/bridge.js';

/** Somebody has to have access: a site without people is not believed. */
const OWNER = { email: 'owner@example.com', access: true };

function start(): Promise<TestBridge> {
  return startTestBridge({
    tokenKind: 'scoped',
    sandbox: { siteAccount: 'service account', seed: { people: [OWNER] } },
  });
}

describe('the service account behind the token', () => {
  it('creates and deactivates people as a person would [US4] [US7]', async () => {
    const bridge = await start();
    const ada = idOf(await bridge.scim('post', '/Users', user('ada')));
    expect(bridge.sandbox.groupsOf(ada)).toContain(bridge.sandbox.groups.access.id);

    await bridge.scim('patch', `/Users/${ada}`, patch({ op: 'replace', path: 'active', value: false }));

    expect(bridge.sandbox.groupsOf(ada)).not.toContain(bridge.sandbox.groups.access.id);
  });

  it('is no SCIM User, and nothing that names it changes it [ID2] [SA8]', async () => {
    const bridge = await start();
    const { sandbox } = bridge;
    const { accountId, email } = sandbox.admin;
    const before = sandbox.groupsOf(accountId);
    const path = `/Users/${encodeURIComponent(accountId)}`;

    expect((await bridge.scim('get', '/Users')).body).toMatchObject({
      totalResults: 1,
      Resources: [{ userName: OWNER.email }],
    });
    expectScimError(await bridge.scim('get', path), 404);
    expectScimError(
      await bridge.scim('post', '/Users', { ...user('x'), userName: email, emails: [{ value: email }] }),
      403,
    );
    const off = patch({ op: 'replace', path: 'active', value: false });
    expect((await bridge.scim('patch', path, off)).status).toBeGreaterThanOrEqual(400);
    expect((await bridge.scim('delete', path)).status).toBeGreaterThanOrEqual(400);

    expect(sandbox.groupsOf(accountId)).toEqual(before);
    expect(sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
  });
});
