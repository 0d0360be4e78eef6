import type { JiraAccess } from '../atlassian/jira.js';
import { SCOPES, scopesInWords } from '../atlassian/scopes.js';
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
    case 'invite':
      return invited(await questions.jiraAccess(), questions.config.site.tokenKind === 'scoped');
  }
}

/** The weakest back end, which mails people: that it was taken for want of a scope must not go unnoticed. */
function invited(jira: JiraAccess, isScoped: boolean): Observation {
  const how = 'New people are invited by mail and linked when they appear, if their address is visible.';
  if (jira === 'lacksScope' || (jira === 'refused' && isScoped)) {
    const why =
      jira === 'lacksScope'
        ? 'the token lacks the scope to ask whether the account administers Jira (jira.getMyPermissions)'
        : 'Jira refuses the token, which Confluence accepts: it may have been made for Confluence alone';
    return {
      status: 'warning',
      message: `invite: there is no organization key, and ${why}. ${how}`,
      remedy: `If the site has Jira, and accounts at once are wanted, make a new token that also has ${JIRA_SCOPES}, or set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY.`,
      scope: { operation: 'jira.getMyPermissions', ...SCOPES['jira.getMyPermissions'] },
    };
  }
  const why =
    jira === 'user' ? 'the account does not administer Jira' : 'the site has no Jira that lets the account in';
  return {
    status: 'ok',
    message: `invite: there is no organization key, and ${why}. ${how}`,
    remedy: 'For accounts at once set ATLASSIAN_ORG_ID and ATLASSIAN_ORG_API_KEY.',
  };
}

const JIRA_SCOPES = (['jira.getMyPermissions', 'jira.searchUsers', 'jira.createUser'] as const)
  .map((operation) => scopesInWords(SCOPES[operation]))
  .join(', ');
