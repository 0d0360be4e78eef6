import { connect } from '../atlassian/connection.js';
import { exportAudit } from '../audit/export.js';
import { AUDIT_FORMATS } from '../audit/formats.js';
import { upstreamConfig } from '../bridge.js';
import { questionsTo } from '../doctor/questions.js';
import type { Clock } from '../provisioning/call.js';
import { explain } from '../why/explain.js';
import type { Chapter, Stage } from './chapters.js';

const EMAIL = 'grace.hopper@example.com';
const MOST_EXPORTED = 4;
/** For ten minutes the bridge believes its own write more than what Atlassian shows (rule US2). */
const LATER_MS = 11 * 60 * 1000;

/** Somebody is deactivated, gets access back by hand, and `why` tells it. */
export const explainingAccess: Chapter = {
  title: 'Why does she have access?',
  async play({ scim, sandbox, config, store, clock, print }) {
    const created = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: EMAIL,
      emails: [{ value: EMAIL, primary: true }],
    });
    const id = String(created.body['id']);
    await scim('PATCH', `/Users/${encodeURIComponent(id)}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    });
    print('Grace was created and deactivated. Somebody puts her back into the access group by hand; later:\n\n');
    sandbox.addMember(sandbox.groups.access.id, id);

    const later: Clock = { ...clock, now: () => clock.now() + LATER_MS };
    const page = await askWhy({ config, store, clock: later });
    print(`$ confluence-scim-bridge why ${EMAIL}\n${page}\n`);
    if (!page.includes('not by this bridge')) throw new Error('The page does not say that it was not this bridge.');

    print('$ confluence-scim-bridge audit export --format csv | tail\n');
    const csv: string[] = [];
    for await (const text of exportAudit(store.audit, AUDIT_FORMATS.csv, undefined))
      csv.push(...text.trim().split('\r\n'));
    print(`${csv.slice(-MOST_EXPORTED).join('\n')}\n`);
  },
};

async function askWhy({ config, store: records, clock }: Pick<Stage, 'config' | 'store' | 'clock'>): Promise<string> {
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    const asking = { questions: questionsTo(config, connection, clock), records, clock };
    return (await explain({ person: EMAIL }, asking, false)).text;
  } finally {
    connection.close();
  }
}
