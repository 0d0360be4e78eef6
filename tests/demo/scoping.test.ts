import { describe, expect, it } from '@jest/globals';
import { scimClient } from '../../src/demo/client.js';
import { scopingToken } from '../../src/demo/scoping.js';
import { OKTA_TOKEN, startTestBridge } from '../support/bridge.js';

describe('the chapter of the token with scopes', () => {
  it('shows the wrong kind, the missing scope by name, and what is right in the end [SA5]', async () => {
    const bridge = await startTestBridge();
    const { sandbox, app, config, store, clock } = bridge;
    const before = sandbox.options.tokenScopes;
    let told = '';
    const print = (text: string): void => void (told += text);

    const scim = scimClient(`${bridge.url}/scim/v2`, OKTA_TOKEN);
    await scopingToken.play({ scim, second: scim, sandbox, app, config, store, clock, print });

    expect(told).toContain('The API token is scoped, but is used as classic. Set ATLASSIAN_TOKEN_KIND=scoped');
    expect(told).toContain('The token lacks a scope for confluence.addMember.');
    expect(told).toMatch(/a group is pushed: 500 .*\(confluence\.createGroup\).*write:confluence-groups/);
    expect(told).toContain('With a token that has the scope: 201.');
    expect(sandbox.findGroupByName('scoped-crew')).toBeUndefined();
    expect(sandbox.options.tokenScopes).toEqual(before);
    for (const secret of [sandbox.credentials.scopedToken, sandbox.credentials.orgApiKey]) {
      expect(told).not.toContain(secret);
    }
  });
});
