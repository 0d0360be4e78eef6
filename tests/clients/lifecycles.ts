import { describe, expect, it, jest } from '@jest/globals';
import { type BridgeOptions, startTestBridge, type TestBridge } from '../support/bridge.js';
import { play, readExchange, type Step, tokenOf, upstreamIn, type Variant } from './play.js';

const VARIANTS: readonly { readonly variant: Variant; readonly options: BridgeOptions }[] = [
  { variant: 'organization', options: { backEnd: 'organization' } },
  { variant: 'jira', options: { backEnd: 'jira' } },
  { variant: 'invite', options: { backEnd: 'invite' } },
  { variant: 'suspend', options: { backEnd: 'organization', settings: { DEACTIVATION: 'suspend' } } },
];

const invites = (step: Step): boolean => upstreamIn('invite', step).includes('confluence.inviteByEmail');

/** Addresses of people with access, by their local part. */
function peopleWithAccess({ sandbox }: TestBridge): readonly string[] {
  return sandbox
    .membersOf(sandbox.groups.access.id)
    .map((accountId) => sandbox.person(accountId).email)
    .filter((email) => email !== '' && email !== sandbox.admin.email)
    .map((email) => email.replace('@example.com', ''))
    .sort();
}

/** Plays `tests/clients/exchanges/<name>.json` on every back end, and with accounts that appear late or never. */
export function describeLifecycle(name: string): void {
  const exchange = readExchange(name);
  const people = exchange.present.map((person) => ({ email: `${person}@example.com`, access: true }));
  const start = ({ settings, sandbox, ...options }: BridgeOptions): Promise<TestBridge> =>
    startTestBridge({
      ...options,
      sandbox: { seed: { people }, ...sandbox },
      settings: {
        SCIM_TOKENS: `${exchange.caller}:${tokenOf(exchange.caller)}`,
        ...exchange.settings,
        ...settings,
      },
    });

  /** Some forty requests, each sent twice, on machines that do other things meanwhile. */
  jest.setTimeout(60_000);

  describe(exchange.client, () => {
    it.each(VARIANTS)(
      'gets its whole lifecycle answered and carried out, and everything sent twice changes nothing, on $variant [US4] [US6] [US7] [US8] [US12] [GR3] [GR5] [GR6]',
      async ({ variant, options }) => {
        const bridge = await start(options);
        await play(exchange, bridge, variant, async (step) => {
          if (variant === 'invite' && invites(step)) await bridge.scan();
        });
        expect(peopleWithAccess(bridge)).toEqual(exchange.access);
      },
    );

    it('sees no difference when the accounts of invited people appear in the middle of it [US5]', async () => {
      const bridge = await start({ backEnd: 'invite', sandbox: { inviteAppears: { afterMs: 4 * 60_000 } } });
      const letTimePass = async () => {
        bridge.clock.advance(2 * 60_000);
        await bridge.scan();
      };
      let steps = 0;
      await play(exchange, bridge, undefined, async () => {
        steps += 1;
        if (steps % 4 === 0) await letTimePass();
      });
      // Who was created anew at the very end is still invited.
      await letTimePass();
      await letTimePass();
      expect(peopleWithAccess(bridge)).toEqual(exchange.access);
    });

    it('sees no difference when the accounts of invited people never appear [US5]', async () => {
      const bridge = await start({ backEnd: 'invite', sandbox: { inviteAppears: 'never' } });
      const writes = await play(exchange, bridge, undefined, () => bridge.scan());
      expect(writes).toEqual(exchange.writesIfNobodyAppears);
      expect(peopleWithAccess(bridge)).toEqual(exchange.present);
    });
  });
}
