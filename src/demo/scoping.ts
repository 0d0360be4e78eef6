import { connect } from '../atlassian/connection.js';
import { startBridge, upstreamConfig } from '../bridge.js';
import type { Config } from '../config.js';
import { examine } from '../doctor/check.js';
import { DOCTOR_CHECKS } from '../doctor/checks.js';
import { questionsTo } from '../doctor/questions.js';
import { toLine } from '../doctor/report.js';
import { SCIM_BASE_PATH } from '../scim/router.js';
import { openStore } from '../store/open.js';
import type { Chapter, Stage } from './chapters.js';
import { scimClient } from './client.js';

const CREW = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'scoped-crew' };

/** What it logs, its answer says, too. */
const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A token with scopes: used as the wrong kind, made without a scope, and right. */
export const scopingToken: Chapter = {
  title: 'A token with scopes',
  async play(stage) {
    const { sandbox, print } = stage;
    const all = sandbox.options.tokenScopes;
    try {
      print('The operator makes a token with scopes, forgets ATLASSIAN_TOKEN_KIND, and ticked no scope for writes.\n');
      sandbox.options.tokenScopes = all.filter((scope) => !scope.startsWith('write:'));
      await askDoctor(stage, configWith(stage, 'classic'), 'ATLASSIAN_TOKEN_KIND=scoped');
      await askDoctor(stage, configWith(stage, 'scoped'), 'confluence.createGroup');
      await pushGroup(stage, 'write:confluence-groups', all);
    } finally {
      sandbox.options.tokenScopes = all;
    }
  },
};

/** The same settings with the token that has scopes, listening on any free port. */
function configWith({ config, sandbox }: Stage, tokenKind: Config['site']['tokenKind']): Config {
  return { ...config, port: 0, site: { ...config.site, tokenKind, apiToken: sandbox.credentials.scopedToken } };
}

/** Prints what the doctor has against it. @throws Error when that is not what is expected */
async function askDoctor({ clock, print }: Stage, config: Config, expected: string): Promise<void> {
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    const findings = await examine(DOCTOR_CHECKS, questionsTo(config, connection, clock));
    const lines = findings.filter(({ status }) => status === 'failed').map(toLine);
    print(`\n$ ATLASSIAN_TOKEN_KIND=${config.site.tokenKind} confluence-scim-bridge doctor\n${lines.join('\n')}\n`);
    if (!lines.some((line) => line.includes(expected))) throw new Error(`The doctor does not name ${expected}.`);
  } finally {
    connection.close();
  }
}

/** A bridge that runs with the token pushes a group before and after it has the scope. */
async function pushGroup(stage: Stage, scope: string, all: readonly string[]): Promise<void> {
  const { sandbox, clock, print } = stage;
  const config = configWith(stage, 'scoped');
  const store = await openStore({ url: ':memory:', clock });
  const bridge = await startBridge({ config, store, clock, logger: QUIET });
  try {
    await bridge.ready;
    const scim = scimClient(`${bridge.url}${SCIM_BASE_PATH}`, config.callers[0]?.secrets[0] ?? '');
    const refused = await scim('POST', '/Groups', CREW);
    print(`\nIt runs all the same, and a group is pushed: ${refused.status} ${String(refused.body['detail'])}\n`);
    if (!String(refused.body['detail']).includes(scope)) throw new Error(`The answer does not name ${scope}.`);

    sandbox.options.tokenScopes = all;
    const created = await scim('POST', '/Groups', CREW);
    print(`With a token that has the scope: ${created.status}.\n`);
    if (created.status !== 201) throw new Error('The group was not created.');
    await scim('DELETE', `/Groups/${String(created.body['id'])}`);
  } finally {
    await bridge.close(0);
  }
}
