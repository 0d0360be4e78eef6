import { toScimError } from '../../src/scim/errors.js';
import { Failure } from '../../src/provisioning/failure.js';
import { createTestClock, OKTA_TOKEN, startTestBridge, type TestBridge, type TestClock } from '../support/bridge.js';
import { Cast } from './cast.js';
import { type Request, type SiteKind, type SiteName, SITES } from './scenario.js';

/** What the bridge answered, as an identity provider reads it. */
export interface Answer {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  readonly text: string;
}

const MINUTE_MS = 60_000;
const POLL_MS = 100;
/** The budget of a request: more than twice the longest pause, so that pauses and what bounds them are told apart. */
const BUDGET_SECONDS = 120;
/** The same on a lane whose site does not answer. */
const SLOW_BUDGET_SECONDS = 4;
/** Longer than the bridge's own writes beat what Atlassian shows. */
const OWN_WRITES_AGE_MS = 11 * MINUTE_MS;
/** For how long an index is fresh on a lane: longer than its cells take by the test clock. */
export const INDEX_FRESH_SECONDS = 3_000;

/** A bridge with its site, on which cells are played one after the other, each with people and groups of its own. */
export class Lane {
  readonly bridge: TestBridge;
  /** The second group that grants access; an adopted one. */
  readonly secondId: string;
  #casts = 0;

  private constructor(bridge: TestBridge, secondId: string) {
    this.bridge = bridge;
    this.secondId = secondId;
  }

  /** @param isSlow for cells in which Atlassian does not answer: these wait in real time */
  static async open(site: SiteName, isSlow: boolean): Promise<Lane> {
    const budgetSeconds = isSlow ? SLOW_BUDGET_SECONDS : BUDGET_SECONDS;
    const { backEnd, tokenKind, settings, sandbox }: SiteKind = SITES[site];
    const bridge = await startTestBridge({
      backEnd,
      ...(tokenKind === undefined ? {} : { tokenKind }),
      settings: {
        CONFLUENCE_ACCESS_GROUPS: 'confluence-users-sandbox',
        ADOPT_GROUPS: 'team-*,second',
        // A wave of leavers is not what is tested here.
        ACCESS_LOSS_LIMIT: '1000000',
        GROUP_REMOVAL_LIMIT: '1000000',
        INDEX_MAX_AGE_SECONDS: String(INDEX_FRESH_SECONDS),
        REQUEST_BUDGET_SECONDS: String(budgetSeconds),
        ...settings,
      },
      ...(sandbox === undefined ? {} : { sandbox }),
      clock: passing(budgetSeconds * 1000),
      scan: false,
      isShared: true,
    });
    const { id } = bridge.sandbox.addGroup({ name: 'second', grants: 'user' });
    return new Lane(bridge, id);
  }

  cast(): Cast {
    this.#casts += 1;
    return new Cast(this, `cast${String(this.#casts).padStart(4, '0')}`);
  }

  get casts(): number {
    return this.#casts;
  }

  /** Lets what was prepared become the past: the index knows it, and no own write of the bridge speaks for it. */
  async age(): Promise<void> {
    this.bridge.clock.advance(OWN_WRITES_AGE_MS);
    // Suspended people are not listed: a scan that finds far fewer than before is believed when a second one agrees.
    if (await this.#hasScanned()) return;
    this.bridge.clock.advance(MINUTE_MS);
    if (!(await this.#hasScanned())) throw new Error('The directory cannot be read, though there is no fault.');
  }

  /** Whether a scan succeeds, however long it takes. */
  async #hasScanned(): Promise<boolean> {
    const { app, clock, store } = this.bridge;
    const startedAtMs = clock.now();
    await app.roster.scan(this.bridge.call()).catch(() => undefined);
    await this.settle();
    return ((await store.index.scannedAtMs()) ?? 0) >= startedAtMs;
  }

  async send(request: Request): Promise<Answer> {
    if (request === 'scan') return this.#scan();
    const { method, path, body } = request;
    const reply = await fetch(`${this.bridge.url}/scim/v2${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${OKTA_TOKEN}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/scim+json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const seconds = reply.headers.get('retry-after');
    return {
      status: reply.status,
      retryAfterSeconds: seconds === null ? undefined : Number(seconds),
      text: await reply.text(),
    };
  }

  /** A scan has no answer; its failure is told as if a request had met it. */
  async #scan(): Promise<Answer> {
    try {
      await this.bridge.app.roster.scan(this.bridge.call());
      return { status: 204, retryAfterSeconds: undefined, text: '' };
    } catch (error) {
      const { status, headers, body } = toScimError(Failure.from(error), 'scan');
      const seconds = headers['Retry-After'];
      return {
        status,
        retryAfterSeconds: seconds === undefined ? undefined : Number(seconds),
        text: JSON.stringify(body),
      };
    }
  }

  /** Waits until no scan and nothing that follows one is under way, or no longer than needed. */
  async settle(isEnough: () => boolean = () => false): Promise<void> {
    while (!this.bridge.app.roster.settled() && !isEnough()) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  close(): Promise<void> {
    return this.bridge.close();
  }
}

/**
 * Pauses of the credential and the waits between attempts pass at once. Longer ones bound work, and take their time since
 * the work does; so do the short ones for a lock.
 */
function passing(budgetMs: number): TestClock {
  const clock = createTestClock();
  return {
    ...clock,
    async sleep(ms, signal) {
      const isPause = ms > POLL_MS && ms <= budgetMs / 2;
      if (!isPause) return clock.sleep(ms, signal);
      signal?.throwIfAborted();
      clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
