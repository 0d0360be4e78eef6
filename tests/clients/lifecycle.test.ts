import { describe, expect, it, jest } from '@jest/globals';
import { type BridgeOptions, startTestBridge, type TestBridge } from '../support/bridge.js';
import { play, readExchange, type Step, type Variant } from './play.js';

const VARIANTS: readonly { readonly variant: Variant; readonly options: BridgeOptions }[] = [
  { variant: 'organization', options: { backEnd: 'organization' } },
  { variant: 'jira', options: { backEnd: 'jira' } },
  { variant: 'invite', options: { backEnd: 'invite' } },
  { variant: 'suspend', options: { backEnd: 'organization', settings: { DEACTIVATION: 'suspend' } } },
];

/** Some forty requests, each sent twice, on machines that do other things meanwhile. */
jest.setTimeout(30_000);

const createsPerson = ({ method, path, status }: Step): boolean =>
  method === 'POST' && path === '/Users' && status === 201;

function peopleWithAccess({ sandbox }: TestBridge): readonly string[] {
  return sandbox
    .membersOf(sandbox.groups.access.id)
    .map((accountId) => sandbox.person(accountId).email)
    .filter((email) => email !== '' && email !== sandbox.admin.email)
    .sort();
}

describe.each([
  { exchange: 'okta-wizard', createdAnew: [] },
  { exchange: 'okta-catalogue', createdAnew: [] },
  // Entra ID deletes a person in the end, and creates the same one anew.
  { exchange: 'entra', createdAnew: ['confluence.inviteByEmail'] },
  { exchange: 'entra-flag', createdAnew: ['confluence.inviteByEmail'] },
])('$exchange', ({ exchange, createdAnew }) => {
  it.each(VARIANTS)(
    'gets its whole lifecycle answered and carried out, and everything sent twice changes nothing, on $variant [US4] [US6] [US7] [US8] [US12] [GR3] [GR5] [GR6]',
    async ({ variant, options }) => {
      const bridge = await startTestBridge(options);
      await play(readExchange(exchange), bridge, variant, async (step) => {
        if (variant === 'invite' && createsPerson(step)) await bridge.scan();
      });
      expect(peopleWithAccess(bridge)).toEqual(['ada@example.com', 'bob@example.com']);
    },
  );

  it('sees no difference when the accounts of invited people appear in the middle of it [US5]', async () => {
    const bridge = await startTestBridge({ backEnd: 'invite', sandbox: { inviteAppears: { afterMs: 4 * 60_000 } } });
    const letTimePass = async () => {
      bridge.clock.advance(2 * 60_000);
      await bridge.scan();
    };
    let steps = 0;
    await play(readExchange(exchange), bridge, undefined, async () => {
      steps += 1;
      if (steps % 4 === 0) await letTimePass();
    });
    // Who was created anew at the very end is still invited.
    await letTimePass();
    await letTimePass();
    expect(peopleWithAccess(bridge)).toEqual(['ada@example.com', 'bob@example.com']);
  });

  it('sees no difference when the accounts of invited people never appear [US5]', async () => {
    const bridge = await startTestBridge({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
    const writes = await play(readExchange(exchange), bridge, undefined, () => bridge.scan());
    expect(writes).toEqual([
      'confluence.inviteByEmail',
      'confluence.inviteByEmail',
      'confluence.createGroup',
      'confluence.deleteGroup',
      ...createdAnew,
    ]);
    expect(peopleWithAccess(bridge)).toEqual([]);
  });
});
