import { describe, expect, it, jest } from '@jest/globals';
import { SCOPED_OPERATIONS, SCOPES, type Scopes } from '../../src/atlassian/scopes.js';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { play, readExchange, tokenOf, upstreamIn } from '../clients/play.js';
import { startTestBridge } from '../support/bridge.js';

/** What the README says to tick, and the granular scopes alone. */
const TICKED = {
  classic: ({ classic, granular }: Scopes) => (classic.length > 0 ? classic : granular),
  granular: ({ granular }: Scopes) => granular,
};

const CLIENTS = ['okta-wizard', 'entra', 'jumpcloud', 'authentik', 'keycloak-sdk', 'scim2-cli'] as const;
const PLAYS = [
  ['okta-wizard', 'jira', 'granular'],
  ['okta-wizard', 'invite', 'granular'],
  ...CLIENTS.flatMap((client, at) => [
    [client, 'organization', at % 2 === 0 ? 'classic' : 'granular'] as const,
    [client, at % 2 === 0 ? 'jira' : 'invite', 'classic'] as const,
  ]),
] as const satisfies readonly (readonly [string, BackEnd, keyof typeof TICKED])[];

/** Some forty requests, each sent twice, on machines that do other things meanwhile. */
jest.setTimeout(60_000);

describe('a token with no more scopes than the README lists', () => {
  it.each(PLAYS)(
    'is enough for the whole lifecycle of %s on %s, of the %s ones [US4] [US7] [US8]',
    async (client, backEnd, family) => {
      const exchange = readExchange(client);
      const people = exchange.present.map((person) => ({ email: `${person}@example.com`, access: true }));
      const tokenScopes = SCOPED_OPERATIONS[backEnd].flatMap((operation) => TICKED[family](SCOPES[operation]));
      const credentials = new Set<string>();
      const bridge = await startTestBridge({
        backEnd,
        tokenKind: 'scoped',
        sandbox: { seed: { people }, tokenScopes, onEnd: ({ credential }) => credentials.add(credential) },
        settings: { SCIM_TOKENS: `${exchange.caller}:${tokenOf(exchange.caller)}`, ...exchange.settings },
      });

      await play(exchange, bridge, backEnd, async (step) => {
        if (backEnd === 'invite' && upstreamIn('invite', step).includes('confluence.inviteByEmail'))
          await bridge.scan();
      });

      // The id of the site is asked without a credential.
      expect([...credentials].sort()).toEqual(
        backEnd === 'organization' ? ['none', 'organization', 'scoped'] : ['none', 'scoped'],
      );
    },
  );
});
