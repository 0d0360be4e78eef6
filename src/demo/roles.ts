import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { examine } from '../doctor/check.js';
import { type Questions, questionsTo } from '../doctor/questions.js';
import { toLine } from '../doctor/report.js';
import { roles } from '../doctor/roles.js';
import type { Clock } from '../provisioning/call.js';
import type { Log } from '../provisioning/dependencies.js';
import { lookAtLeavers } from '../provisioning/leaverRoles.js';
import { openOwnCall } from '../roster/ownCall.js';
import { explain } from '../why/explain.js';
import type { Chapter, Stage } from './chapters.js';
import type { Reply, ScimClient } from './client.js';

const EMAIL = 'margaret.hamilton@example.com';
const SCAN_MS = 30_000;
/** Reads trail behind writes, so a leaver's roles are looked at after ten minutes (rule US2). */
const LATER_MS = 11 * 60 * 1000;
const JIRA = {
  resourceId: 'ari:cloud:jira-software::site/demo',
  resourceOwner: 'jira-software',
  role: 'atlassian/user',
};

/** The organization's role assignments: what groups give, a role that a leaver keeps, and accounts that went away. */
export const grantingByFact: Chapter = {
  title: 'Who may do what, by fact',
  async play(stage) {
    await showGroups(stage);
    const id = await showKeptRole(stage);
    await showAccounts(stage, id);
  },
};

async function showGroups(stage: Stage): Promise<void> {
  const { sandbox, print } = stage;
  const { access } = sandbox.groups;
  sandbox.updateGroup(access.id, { otherRoles: [JIRA] });
  print(
    'Somebody gives the access group Jira, too. The doctor sees what groups give, and what leaving them takes:\n\n',
  );
  const lines = (await asking(stage, (questions) => examine([roles], questions))).map(toLine);
  print(`$ confluence-scim-bridge doctor | grep roles\n${lines.join('\n')}\n\n`);
  assert(
    lines.some((line) => line.includes('and loses user on jira-software, too')),
    'The doctor does not warn of Jira.',
  );
  sandbox.updateGroup(access.id, { otherRoles: [] });
}

/** @returns the id of the person who left */
async function showKeptRole(stage: Stage): Promise<string> {
  const { scim, sandbox, app, store, clock, print } = stage;
  const created = await scim('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: EMAIL,
    emails: [{ value: EMAIL, primary: true }],
  });
  const id = String(created.body['id']);
  sandbox.updatePerson(id, { directRoles: ['atlassian/user'] });
  const { status } = await state(scim, id, false);
  print(`Margaret has a role of her own. She is deactivated: ${status}, every group is left. After a later scan:\n`);

  const later: Clock = { ...clock, now: () => clock.now() + LATER_MS };
  // Of earlier chapters there are other leavers.
  const error: Log['error'] = (message, fields) => fields?.['personId'] === id && print(`  error: ${message}\n`);
  const look = (): Promise<void> =>
    lookAtLeavers(
      { ...app.deps, clock: later, log: { ...app.deps.log, error } },
      openOwnCall('scan', SCAN_MS, new AbortController().signal, later),
    );
  await look();
  const verdict = await asking(stage, async (questions) => {
    const { text } = await explain({ person: EMAIL }, { questions, records: store, clock: later }, true);
    return (JSON.parse(text) as { verdict: { sentence: string } }).verdict.sentence;
  });
  print(`$ confluence-scim-bridge why ${EMAIL}\n  ${verdict}\n\n`);
  assert(verdict.includes('Remove access'), 'The role that stayed was not found.');

  sandbox.updatePerson(id, { directRoles: [] });
  await look();
  assert((await store.roles.leaver(id))?.roles?.length === 0, 'The role is gone, and still reported.');
  return id;
}

async function showAccounts({ scim, sandbox, print }: Stage, id: string): Promise<void> {
  sandbox.removeFromSite(id);
  const back = await state(scim, id, true);
  print(`She was removed from the site, and comes back: ${back.status}, invited again with the same account.\n`);
  assert(back.status === 200 && sandbox.groupsOf(id).includes(sandbox.groups.access.id), 'She was not invited again.');

  await state(scim, id, false);
  sandbox.closeAccount(id);
  const closed = await state(scim, id, true);
  print(
    `She closes her account, and is to come back once more:\n  ${closed.status} ${String(closed.body['detail'])}\n`,
  );
  assert(closed.status === 409, 'A closed account was given access.');
}

async function asking<T>({ config, clock }: Stage, ask: (questions: Questions) => Promise<T>): Promise<T> {
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    return await ask(questionsTo(config, connection, clock));
  } finally {
    connection.close();
  }
}

function state(scim: ScimClient, id: string, active: boolean): Promise<Reply> {
  return scim('PATCH', `/Users/${encodeURIComponent(id)}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active } }],
  });
}

function assert(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
