import { createDirectory } from '../atlassian/backends.js';
import { connect } from '../atlassian/connection.js';
import { type RunningBridge, startBridge, upstreamConfig } from '../bridge.js';
import type { Config } from '../config.js';
import { applyPlan } from '../observe/apply.js';
import { braked } from '../observe/braked.js';
import { byScimIds } from '../observe/groupIds.js';
import { type PlanReport, reportPlan, toText } from '../observe/report.js';
import type { Dependencies } from '../provisioning/dependencies.js';
import type { Store } from '../provisioning/store.js';
import { openOwnCall } from '../roster/ownCall.js';
import { SCIM_BASE_PATH } from '../scim/router.js';
import { openStore } from '../store/open.js';
import type { Chapter, Stage } from './chapters.js';
import { scimClient, type ScimClient } from './client.js';

const LEAVER = 'mary.jackson@example.com';
const NEWCOMER = 'katherine.johnson@example.com';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const COMMAND_MS = 30_000;

/** A second bridge observes: its plan is shown, and then carried out. */
export const observingFirst: Chapter = {
  title: 'Looking before leaping',
  async play(stage) {
    const { sandbox, clock, print } = stage;
    const leaver = sandbox.addPerson({ email: LEAVER, displayName: 'Mary Jackson', access: true });
    const store = await openStore({ url: ':memory:', clock });
    const config: Config = { ...stage.config, mode: 'observe', port: 0 };
    const bridge = await startBridge({ config, store, clock, logger: stage.app.deps.log });
    try {
      const { deps } = await bridge.ready;
      await deps.roster.ready(commandCall(stage));
      sandbox.takeCalls();
      print(
        'A bridge with MODE=observe and a store of its own. Katherine is created and put into a group, Mary leaves:\n\n',
      );
      const ids = await playTraffic(clientOf(bridge, config), leaver.accountId, print);
      const writes = sandbox.takeCalls().filter(({ isWrite }) => isWrite).length;
      print(`\nWhat Atlassian was sent that changes anything: ${writes} calls.\n\n`);
      assert(writes === 0, 'Something was written in observe mode.');

      const report = await reportPlan(store, config, clock.now());
      print(`$ confluence-scim-bridge plan\n${toText(report)}\n`);
      print('$ confluence-scim-bridge plan apply\n');
      await apply(report, stage, deps, store);
      const made = sandbox.findGroupByName('mathematicians');
      const newcomer = sandbox.findPersonByEmail(NEWCOMER);
      assert(
        made !== undefined && newcomer !== undefined && sandbox.membersOf(made.id).includes(newcomer.accountId),
        'The newcomer is not in the group.',
      );
      assert(!sandbox.groupsOf(leaver.accountId).includes(sandbox.groups.access.id), 'The leaver has access still.');
      const { status, body } = await clientOf(bridge, config)('GET', `/Groups/${ids.group}`);
      print(`The group keeps the id that it was planned with: GET /Groups/${ids.group} ${status}.\n`);
      assert(body['displayName'] === 'mathematicians', 'The id of the group has changed.');
    } finally {
      await bridge.close(0);
    }
  },
};

function clientOf(bridge: RunningBridge, { callers }: Config): ScimClient {
  return scimClient(`${bridge.url}${SCIM_BASE_PATH}`, callers[0]?.secrets[0] ?? '');
}

async function playTraffic(
  scim: ScimClient,
  leaverId: string,
  print: (text: string) => void,
): Promise<{ readonly group: string }> {
  const created = await scim('POST', '/Users', { schemas: [USER], userName: NEWCOMER });
  print(`  POST /Users ${created.status}, id ${String(created.body['id'])}\n`);
  const group = await scim('POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'mathematicians',
    members: [{ value: created.body['id'] }],
  });
  print(`  POST /Groups ${group.status}, id ${String(group.body['id'])}\n`);
  const left = await scim('PATCH', `/Users/${encodeURIComponent(leaverId)}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active: false } }],
  });
  print(`  PATCH /Users/{id} ${left.status}, active ${String(left.body['active'])}\n`);
  assert(
    created.status === 201 && group.status === 201 && left.status === 200,
    'It did not answer as if it were done.',
  );
  return { group: String(group.body['id']) };
}

async function apply({ steps }: PlanReport, stage: Stage, deps: Dependencies, store: Store): Promise<void> {
  const { config, clock, print } = stage;
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    const directory = byScimIds(createDirectory(connection, deps.directory.backEnd), store);
    await applyPlan({
      deps: braked({ ...deps, directory, store }, config.brake),
      agreed: steps.map(({ entry }) => entry),
      call: () => commandCall(stage),
      signal: new AbortController().signal,
      onOutcome: ({ entry, state, reason }) => print(`  ${String(entry.number)} ${state} ${reason ?? ''}\n`),
    });
  } finally {
    connection.close();
  }
}

function commandCall({ clock }: Stage) {
  return { ...openOwnCall('request', COMMAND_MS, new AbortController().signal, clock), caller: 'operator' };
}

function assert(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
