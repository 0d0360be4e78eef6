import type { Check } from './check.js';
import type { Questions } from './questions.js';

/** How many people are there for how many seats? Atlassian tells the first half only. */
export const seats: Check<Questions> = {
  name: 'seats',
  async observe(questions) {
    const { accessGroups } = await questions.access();
    const directory = await questions.directory();
    const counts = await Promise.all(
      accessGroups.map(async ({ id, name }) => {
        const page = await directory.listMembers(id, { start: 0, limit: 1, withTotal: true }, questions.call());
        return `"${name}" has ${page.totalSize ?? 'an untold number of'} members`;
      }),
    );
    return [
      {
        status: 'unknown',
        message: `Atlassian does not tell how many seats there are. ${counts.join(', ')}, apps included.`,
        remedy:
          'Before many people are assigned, compare with the licence in Atlassian administration, under billing. SEAT_LIMIT keeps the bridge from buying more.',
      },
    ];
  },
};
