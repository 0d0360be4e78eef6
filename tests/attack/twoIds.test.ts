import { describe, expect, it } from '@jest/globals';
import { ENTRA_TOKEN } from '../support/bridge.js';
import { adding, type Reply, sent, settled, startAdopting, stating, user } from './site.js';

const ADA = 'ada@example.com';
const JOINING = { method: 'POST', path: /userByGroupId/ } as const;

/** Invitations are accepted when the test says so. */
function startInviting(sandbox: object = {}) {
  return startAdopting({ backEnd: 'invite', sandbox: { inviteAppears: 'never', ...sandbox } });
}

/** As long as it takes to go through, or to come to a lock that somebody holds. */
async function underWay(message: Promise<Reply>): Promise<void> {
  const waited = (async () => {
    for (let turn = 0; turn < 8; turn += 1) await settled();
  })();
  await Promise.race([message, waited]);
}

describe('an account whose person is recorded without it', () => {
  it('keeps no group from the scan that connects it, when a deactivation by its own id succeeds meanwhile [US12]', async () => {
    const bridge = await startInviting();
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    await sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(id)));
    const { accountId } = bridge.sandbox.acceptInvitation(ADA);
    let patch: Promise<Reply> | undefined;
    bridge.sandbox.faults.when(JOINING, async () => {
      patch = sent(bridge.scim('patch', `/Users/${accountId}`, stating(false), ENTRA_TOKEN));
      await underWay(patch);
    });

    await bridge.scan();

    // Connected by then, it answers under the id of its record alone.
    expect((await patch)?.status).toBe(404);
    expect(await bridge.store.people.find(id)).toMatchObject({ accountId, wanted: 'active' });
    expect(bridge.sandbox.groupsOf(accountId)).toHaveLength(2);
  });
});
