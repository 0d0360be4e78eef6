import { dryRun } from '../adoption/dryRun.js';
import { toEvidenceText, toPlanText } from '../adoption/linkText.js';
import { toTextLine } from '../adoption/text.js';
import type { App } from '../app.js';
import { startBridge } from '../bridge.js';
import { createLogger } from '../observability/logger.js';
import type { Call, Clock } from '../provisioning/call.js';
import { gatherLinkEvidence } from '../provisioning/linkEvidence.js';
import { linkAccount } from '../provisioning/linking.js';
import { planLink } from '../provisioning/linkPlan.js';
import { openOwnCall } from '../roster/ownCall.js';
import { SCIM_BASE_PATH } from '../scim/router.js';
import { openStore } from '../store/open.js';
import type { Chapter, Stage } from './chapters.js';
import { type ScimClient, scimClient } from './client.js';

const KNOWN = 'mary.somerville@example.com';
const SHARED = 'emmy.noether@example.com';
const NEWCOMER = 'sofia.kovalevskaya@example.com';
const COMMAND_MS = 30_000;

/** A site with people of its own, a bridge that has never run there, and a licence that is used up. */
export const adoptingPeople: Chapter = {
  title: 'People who were there before, and no seat for more',
  async play(stage) {
    const { sandbox, print } = stage;
    const { accountId } = sandbox.addPerson({ email: KNOWN, displayName: 'Mary Somerville', access: true });
    sandbox.addPerson({ email: SHARED, displayName: 'E. Noether' });
    const right = sandbox.addPerson({ email: SHARED, displayName: 'Emmy Noether' });
    await withFullBridge(stage, async ({ scim, app, seatLimit }) => {
      print(`Another bridge begins on the same site, with SEAT_LIMIT=${seatLimit}: as many as have access.\n`);
      print('$ confluence-scim-bridge adopt --dry-run people.txt\n');
      const call = (): Call => operatorCall(stage.clock);
      const parts = { ...app.deps, seatLimit, access: await app.roster.access(call()), call };
      sandbox.takeCalls();
      for await (const line of dryRun([KNOWN, SHARED, NEWCOMER], parts)) print(toTextLine(line, 'organization'));
      assert(
        sandbox.takeCalls().every(({ isWrite }) => !isWrite),
        'The dry run wrote something.',
      );

      const create = (userName: string) => scim('POST', '/Users', { userName, emails: [{ value: userName }] });
      const refused = await create(NEWCOMER);
      print(`\nThe newcomer comes all the same:\n  ${refused.status} ${String(refused.body['detail'])}\n`);
      assert(refused.status === 409 && sandbox.findPersonByEmail(NEWCOMER) === undefined, 'A seat was bought.');
      await scim('PATCH', `/Users/${accountId}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', value: { active: false } }],
      });
      const { status } = await create(NEWCOMER);
      print(`Mary leaves, and her seat is free at once: ${status}.\n`);
      assert(status === 201, 'The seat was not free.');

      print(`\n$ confluence-scim-bridge link ${SHARED} ${right.accountId}\n`);
      const evidence = await gatherLinkEvidence(SHARED, right.accountId, app.deps, call());
      print(`${toEvidenceText(evidence)}\n${toPlanText(planLink(evidence, {}, stage.clock.now()), evidence)}\n`);
      const id = await linkAccount(SHARED, right.accountId, app.deps, call());
      assert(id === right.accountId, 'Another account was linked.');
    });
  },
};

interface FullBridge {
  readonly scim: ScimClient;
  readonly app: App;
  readonly seatLimit: number;
}

/** A bridge without records, on a site where every seat is taken. */
async function withFullBridge(stage: Stage, work: (full: FullBridge) => Promise<void>): Promise<void> {
  const { sandbox, clock } = stage;
  const seatLimit = sandbox.seatsUsed();
  const config = { ...stage.config, port: 0, seatLimit };
  const secret = config.callers[0]?.secrets[0] ?? '';
  const store = await openStore({ url: ':memory:', clock });
  const logger = createLogger({ ...config.log, secrets: [secret] });
  const bridge = await startBridge({ config, store, clock, logger });
  try {
    const app = await bridge.ready;
    await app.roster.ready(operatorCall(clock));
    await work({ scim: scimClient(`${bridge.url}${SCIM_BASE_PATH}`, secret), app, seatLimit });
  } finally {
    await bridge.close(0);
  }
}

function operatorCall(clock: Clock): Call {
  return { ...openOwnCall('request', COMMAND_MS, new AbortController().signal, clock), caller: 'operator' };
}

function assert(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}
