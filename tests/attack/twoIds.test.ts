import { describe, expect, it } from '@jest/globals';
import { linkAccount } from '../../src/provisioning/linking.js';
import { ENTRA_TOKEN } from '../support/bridge.js';
import { adding, group, type Reply, removing, sent, settled, startAdopting, stating, user } from './site.js';

const ADA = 'ada@example.com';
const JOINING = { method: 'POST', path: /userByGroupId/ } as const;
const LEAVING = { method: 'DELETE', path: /userByGroupId/ } as const;

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

  it('is put into no group by its own id once its person is deactivated [GR2]', async () => {
    const bridge = await startInviting({ newAccountsShowEmail: false });
    const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
    const { accountId } = bridge.sandbox.acceptInvitation(ADA);
    await bridge.scan();
    const replies: Promise<Reply>[] = [];
    const send = async (message: Promise<Reply>): Promise<void> => {
      replies.push(message);
      await underWay(message);
    };
    bridge.sandbox.faults.when({ path: /users-bulk/ }, () =>
      send(sent(bridge.scim('patch', `/Groups/${bridge.secondId}`, adding(accountId)))),
    );
    bridge.sandbox.faults.when(JOINING, () => send(sent(bridge.scim('patch', `/Users/${id}`, stating(false)))));

    await linkAccount(ADA, accountId, bridge.app.deps, bridge.call('operator'));
    expect((await replies[0])?.status).toBe(204);

    expect((await replies[1])?.status).toBe(200);
    expect(bridge.sandbox.groupsOf(accountId)).toEqual([]);
  });

  it.each(['patch', 'put'] as const)(
    'leaves the group whose %s takes it out while a scan puts it there [GR6]',
    async (method) => {
      const bridge = await startInviting();
      const { id } = await sent(bridge.scim('post', '/Users', user(ADA)));
      const design = await sent(bridge.scim('post', '/Groups', group('Design', [id])));
      const { accountId } = bridge.sandbox.acceptInvitation(ADA);
      let taking: Promise<Reply> | undefined;
      bridge.sandbox.faults.when(JOINING, async () => {
        taking = sent(
          bridge.scim(method, `/Groups/${design.id}`, method === 'put' ? group('Design', []) : removing(id)),
        );
        await underWay(taking);
      });

      await bridge.scan();

      expect((await taking)?.status).toBe(method === 'put' ? 200 : 204);
      expect(bridge.sandbox.groupsOf(accountId)).not.toContain(design.id);
    },
  );
});

describe('an account that nobody recorded', () => {
  it('has what a POST says that finds it only by a scan, whatever a DELETE by its id takes meanwhile [US6]', async () => {
    const bridge = await startInviting();
    const { accountId } = bridge.sandbox.addPerson({ email: ADA, access: true });
    let post: Promise<Reply> | undefined;
    bridge.sandbox.faults.when(LEAVING, async () => {
      post = sent(bridge.scim('post', '/Users', user(ADA)));
      await underWay(post);
    });

    expect((await sent(bridge.scim('delete', `/Users/${accountId}`, undefined, ENTRA_TOKEN))).status).toBe(204);

    expect(await post).toMatchObject({ status: 201, id: accountId, active: true });
    expect(bridge.sandbox.groupsOf(accountId)).toHaveLength(1);
  });
});
