import type { Check, Observation } from './check.js';
import type { Questions } from './questions.js';

/** How are people created (rule US4), and why that way? */
export const backEnd: Check<Questions> = {
  name: 'backEnd',
  async observe(questions) {
    return [await explain(questions)];
  },
};

async function explain(questions: Questions): Promise<Observation> {
  switch (await questions.backEnd()) {
    case 'organization':
      return {
        status: 'ok',
        message:
          'organization: ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY are set. New people get their account at once.',
      };
    case 'jira':
      return {
        status: 'ok',
        message:
          'jira: there is no organization key, and the account administers Jira on this site. New people get their account at once.',
      };
    case 'invite': {
      const noJira =
        questions.config.site.tokenKind === 'scoped'
          ? 'the site has no Jira that lets the account in, or the token lacks the scope read:jira-work'
          : 'the site has no Jira that lets the account in';
      const why = (await questions.jiraAccess()) === 'none' ? noJira : 'the account does not administer Jira';
      return {
        status: 'ok',
        message: `invite: there is no organization key, and ${why}. New people are invited by mail and linked when they appear, if their address is visible.`,
        remedy: 'For accounts at once set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY.',
      };
    }
  }
}
