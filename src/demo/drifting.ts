import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { questionsTo } from '../doctor/questions.js';
import { compare } from '../drift/compare.js';
import { DEFAULT_REPAIRS, type Drift } from '../drift/findings.js';
import { planRepairs, planText, type Repair } from '../drift/plan.js';
import { carryOutRepairs, outcomeText } from '../drift/repair.js';
import { driftText } from '../drift/text.js';
import type { Call, Clock } from '../provisioning/call.js';
import { openOwnCall } from '../roster/ownCall.js';
import { openAccountSet } from '../store/accountSet.js';
import type { Chapter, Stage } from './chapters.js';

const LEAVER = 'heidi@example.com';
const STRANGER = 'mallory@example.com';
const COMMAND_MS = 60_000;
/** For ten minutes the bridge believes its own writes more than what Atlassian shows (rule US2). */
const LATER_MS = 11 * 60 * 1000;

/** Somebody changes in Confluence what the bridge did; `drift` finds it, and a repair puts the leaver out again. */
export const driftingApart: Chapter = {
  title: 'Does Confluence agree with the record?',
  async play(stage) {
    const { scim, sandbox, app, print } = stage;
    const created = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: LEAVER,
      emails: [{ value: LEAVER, primary: true }],
    });
    const id = String(created.body['id']);
    const group = await scim('POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'payroll',
      members: [{ value: id }],
    });
    await scim('PATCH', `/Users/${encodeURIComponent(id)}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    });
    print(
      'Heidi was deactivated. By hand she gets access again, and Mallory is put into the group "payroll"; later:\n\n',
    );
    const stranger = sandbox.addPerson({ email: STRANGER, displayName: 'Mallory', access: true });
    sandbox.addMember(sandbox.groups.access.id, id);
    sandbox.addMember(String(group.body['id']), stranger.accountId);

    const later: Clock = { ...stage.clock, now: () => stage.clock.now() + LATER_MS };
    const { found, plan } = await askDrift({ ...stage, clock: later });
    print(`$ confluence-scim-bridge drift --repair\n${driftText(found)}\n${planText(plan)}`);
    print('Do this? yes\n');
    await carryOutRepairs(
      plan,
      { ...app.deps, clock: later },
      () => operatorCall(later),
      (repair, outcome) => print(`${outcomeText(repair, outcome)}\n`),
    );
    if (sandbox.groupsOf(id).includes(sandbox.groups.access.id)) throw new Error('The leaver has access still.');
  },
};

async function askDrift({
  config,
  store: records,
  clock,
}: Pick<Stage, 'config' | 'store' | 'clock'>): Promise<{ readonly found: Drift; readonly plan: readonly Repair[] }> {
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    const questions = questionsTo(config, connection, clock);
    const found = await compare({
      questions,
      records,
      clock,
      openSet: openAccountSet,
      openCall: () => operatorCall(clock),
      progress: { expect: () => undefined, step: () => undefined, end: () => undefined },
    });
    return { found, plan: await planRepairs(found.findings, DEFAULT_REPAIRS, { questions, records }) };
  } finally {
    connection.close();
  }
}

function operatorCall(clock: Clock): Call {
  return { ...openOwnCall('request', COMMAND_MS, new AbortController().signal, clock), caller: 'operator' };
}
