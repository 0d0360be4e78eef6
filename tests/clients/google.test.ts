import { describe, expect, it } from '@jest/globals';
import { describeLifecycle } from './lifecycles.js';
import { readExchange } from './play.js';
import { startSite } from './site.js';

describeLifecycle('google');
describeLifecycle('google-ssosync');

/** Its client ends a whole run at any other status; awslabs/ssosync, internal/aws/client.go. */
const GOES_ON = [200, 201, 202, 203, 204];

describe('ssosync', () => {
  it('meets no answer that ends its run', () => {
    const { steps } = readExchange('google-ssosync');
    expect(steps.filter(({ status }) => !GOES_ON.includes(status)).map(({ title }) => title)).toEqual([]);
  });

  // It decodes each member as text (internal/aws/schema.go), so that a member as RFC 7643 has it ends the run as well.
  it.each<[what: string, filter: (group: string, member: string) => string]>([
    ['a group by its name', () => 'displayName+eq+%22Engineering%22'],
    ['a group by its id and a member', (group, member) => `id+eq+%22${group}%22+and+members+eq+%22${member}%22`],
  ])(
    'finds %s without members where the address of its endpoint leaves them out [LI3] [LI5]',
    async (_what, filter) => {
      const { send, groupId, ids } = await startSite();
      const ask = (query: string) => send('GET', `/Groups?${query}filter=${filter(groupId, ids.ada)}`);

      const { body } = await ask('excludedAttributes=members&');
      expect(body).toMatchObject({ totalResults: 1, Resources: [{ id: groupId, displayName: 'Engineering' }] });
      expect(body).not.toHaveProperty('Resources.0.members');

      expect((await ask('')).body).toMatchObject({
        Resources: [{ members: [{ value: ids.ada }, { value: ids.bob }] }],
      });
    },
  );
});
