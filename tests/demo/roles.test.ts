import { expect, it } from '@jest/globals';
import { scimClient } from '../../src/demo/client.js';
import { grantingByFact } from '../../src/demo/roles.js';
import { OKTA_TOKEN, startTestBridge } from '../support/bridge.js';

it('tells of groups by their roles, of a role that a leaver keeps, and of accounts that went away [SA16] [US8]', async () => {
  const bridge = await startTestBridge({ sandbox: { jira: true } });
  let told = '';
  const print = (text: string): void => void (told += text);

  const scim = scimClient(`${bridge.url}/scim/v2`, OKTA_TOKEN);
  await grantingByFact.play({ ...bridge, scim, second: scim, print });

  expect(told).toMatch(/"confluence-users-sandbox" has user on confluence, user on jira-software/);
  expect(told).toMatch(/error: A person who left has a role on the site/);
  expect(told).toMatch(/Has access, because role assignments showed user on confluence/);
  expect(told).toMatch(/200, invited again with the same account/);
  expect(told).toMatch(/409 The Atlassian account of this person is closed/);
});
