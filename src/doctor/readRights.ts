import type { Check } from './check.js';
import type { Questions } from './questions.js';

/** May the account read what the bridge reads: groups, their members, people, and the groups of a person? */
export const readRights: Check<Questions> = {
  name: 'readRights',
  async observe(questions) {
    const { accountId } = await questions.currentUser();
    const directory = await questions.directory();
    const [group] = await questions.grantingGroups();
    const [accounts] = await Promise.all([
      directory.listAccounts([accountId], questions.call()),
      directory.listMemberships(accountId, questions.call()),
      group === undefined
        ? undefined
        : directory.listMembers(group.id, { start: 0, limit: 1, withTotal: false }, questions.call()),
    ]);
    if (accounts.length === 0) {
      return [
        {
          status: 'warning',
          certainty: 'unknown',
          message:
            'Atlassian answers, but does not show the account to itself, as it does to an account that lacks rights.',
          remedy: 'Let the account of ATLASSIAN_ADMIN_EMAIL use Confluence and see the profiles of people.',
        },
      ];
    }
    return [{ status: 'ok', certainty: 'proved', message: 'The account may read groups, members and people.' }];
  },
};
