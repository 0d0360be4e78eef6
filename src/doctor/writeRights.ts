import { SCOPES, scopesInWords } from '../atlassian/scopes.js';
import type { Check } from './check.js';
import type { Questions } from './questions.js';

const SCOPE = `make a token that also has ${scopesInWords(SCOPES['confluence.addMember'])}`;

/**
 * May the account create groups and change members? That takes a site or organization admin, and nothing but doing it
 * proves it; membership in a group that makes site admins speaks for it.
 */
export const writeRights: Check<Questions> = {
  name: 'writeRights',
  async observe(questions) {
    const { accountId } = await questions.currentUser();
    const granting = await questions.grantingGroups();
    const directory = await questions.directory();
    const own = new Set((await directory.listMemberships(accountId, questions.call())).map(({ id }) => id));
    const admins = granting.find(({ id, accessTypes }) => accessTypes.includes('site-admin') && own.has(id));
    const isScoped = questions.config.site.tokenKind === 'scoped';
    if (admins === undefined) {
      return [
        {
          status: 'unknown',
          certainty: 'unknown',
          message:
            'Whether the account may change groups only a change can tell. It is in no group that makes site admins, which organization admins need not be.',
          remedy: `If pushing a group or a user fails, make the account a site or organization admin${isScoped ? ` and ${SCOPE}` : ''}.`,
        },
      ];
    }
    return [
      {
        status: 'ok',
        certainty: 'likely',
        message: `The account is in "${admins.name}", which makes site admins, so it should be allowed to change groups.`,
        ...(isScoped ? { remedy: `If pushing a group fails nevertheless, ${SCOPE}.` } : {}),
      },
    ];
  },
};
