import type { Check } from './check.js';
import type { Questions } from './questions.js';

/** Does Jira's search, by which the jira back end finds people, show their addresses? */
export const jiraSearch: Check<Questions> = {
  name: 'jiraSearch',
  async observe(questions) {
    if ((await questions.backEnd()) !== 'jira') return [];
    if ((await questions.currentUser()).isServiceAccount) {
      const message =
        "Whether Jira's search shows addresses cannot be tried with a service account, whom it does not show.";
      const remedy = 'See in Jira whether the profiles of people show their address to the account.';
      return [{ status: 'unknown', certainty: 'unknown', message, remedy }];
    }
    if (await questions.jiraShowsAddresses()) {
      return [{ status: 'ok', certainty: 'proved', message: 'Jira finds people by their address.' }];
    }
    return [
      {
        status: 'warning',
        certainty: 'unknown',
        message:
          "Jira's search is blind: it does not show even the account's own address, so that people who have an account look like new ones.",
        remedy:
          'Set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY, or make the address visible in the profile of the account and run doctor again.',
      },
    ];
  },
};
