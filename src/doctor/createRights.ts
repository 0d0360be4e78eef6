import type { Check, Observation } from './check.js';
import type { Questions } from './questions.js';

/** May people be created in the way of the back end? Only creating somebody proves it. */
export const createRights: Check<Questions> = {
  name: 'createRights',
  async observe(questions) {
    return [await weigh(questions)];
  },
};

async function weigh(questions: Questions): Promise<Observation> {
  const likely = { status: 'ok', certainty: 'likely' } as const;
  switch (await questions.backEnd()) {
    case 'organization':
      await questions.organization();
      return {
        ...likely,
        message: 'A key that may search people may invite them, too, if it was made without scopes.',
      };
    case 'jira':
      return {
        ...likely,
        message: 'The account administers Jira; creating people also takes an organization admin, which nothing tells.',
        remedy: 'If creating a user fails, make the account an organization admin.',
      };
    case 'invite': {
      await questions.currentUser();
      const directory = await questions.directory();
      await directory.hasAccess(questions.config.site.adminEmail, questions.call());
      return {
        ...likely,
        message: 'The account may ask who has access, which takes the same rights as inviting people.',
        remedy: 'If people who were invited never appear, look for a setting of the organization that wants approval.',
      };
    }
  }
}
