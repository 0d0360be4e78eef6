import { Failure } from '../provisioning/failure.js';
import { isSameName } from '../provisioning/groupNames.js';
import { type Check, failed } from './check.js';
import type { Questions } from './questions.js';

/** Is it clear, and right, which groups new people go into (rule SA1)? */
export const accessGroups: Check<Questions> = {
  name: 'accessGroups',
  async observe(questions) {
    try {
      const [first, ...others] = (await questions.access()).accessGroups;
      if (first === undefined) return [];
      const directory = await questions.directory();
      const page = await directory.listMembers(first.id, { start: 0, limit: 1, withTotal: false }, questions.call());
      if (page.members.length === 0) {
        return [
          {
            status: 'failed',
            message: `Atlassian shows nobody in "${first.name}", where new people go, and the bridge believes no list of people as long as that is so.`,
            remedy: 'Put the account of ATLASSIAN_ADMIN_EMAIL into that group.',
          },
        ];
      }
      const also = others.map(({ name }) => `, "${name}"`).join('');
      return [{ status: 'ok', message: `New people go into "${first.name}"; access groups: "${first.name}"${also}.` }];
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.kind !== 'misconfigured') throw error;
      const observation = failed(failure);
      return [{ ...observation, message: [observation.message, ...(await describeStrangers(questions))].join(' ') }];
    }
  },
};

/** Whether a configured group that does not grant is missing or only without access: two different mistakes. */
async function describeStrangers(questions: Questions): Promise<readonly string[]> {
  const granting = await questions.grantingGroups();
  const strangers = questions.config.accessGroups.filter(
    (name) => !granting.some((group) => isSameName(group.name, name)),
  );
  const directory = await questions.directory();
  return Promise.all(
    strangers.map(async (name) => {
      const group = await directory.findGroupByName(name, questions.call());
      return group === undefined ? `"${name}" does not exist.` : `"${name}" exists and grants nothing.`;
    }),
  );
}
