import { connect } from '../../src/atlassian/connection.js';
import { upstreamConfig } from '../../src/bridge.js';
import { questionsTo } from '../../src/doctor/questions.js';
import { explain, type Explanation, type Question } from '../../src/why/explain.js';
import type { BridgeOptions } from '../support/bridge.js';
import { startUsers, type UserSite } from '../provisioning/userSite.js';

export const MINUTE_MS = 60_000;

/** What `why --json` says, as far as tests look at it. */
export interface Told {
  readonly person?: { readonly id: string };
  readonly timeline: readonly {
    readonly at: string;
    readonly since: string | null;
    readonly who: string;
    readonly event: string;
    readonly what: string;
    readonly rule: string | null;
    readonly result: string;
    readonly upstream: readonly { readonly operation: string; readonly status: number | null }[];
  }[];
  readonly isTimelineCut: boolean;
  readonly now: Readonly<Record<string, unknown>>;
  readonly verdict: { readonly kind: string; readonly hasAccess?: boolean | null; readonly sentence: string };
}

export interface WhySite extends UserSite {
  why(question: Question | string): Promise<Explanation>;
  /** The same as data; fails the test when nothing was explained. */
  told(question: Question | string): Promise<Told>;
  /** Later than own writes count against lagging reads. */
  later(): void;
}

/** A bridge, and `why` asked beside it through a connection of its own. */
export async function startWhy(options: BridgeOptions = {}): Promise<WhySite> {
  const site = await startUsers(options);
  const ask = async (question: Question | string, asJson: boolean): Promise<Explanation> => {
    const { config, clock, store: records } = site;
    const connection = connect({ config: upstreamConfig(config), clock });
    try {
      const asking = { questions: questionsTo(config, connection, clock), records, clock };
      return await explain(typeof question === 'string' ? { person: question } : question, asking, asJson);
    } finally {
      connection.close();
    }
  };
  return {
    ...site,
    why: (question) => ask(question, false),
    async told(question) {
      const { kind, text } = await ask(question, true);
      if (kind !== 'explained') throw new Error(text);
      return JSON.parse(text) as Told;
    },
    later: () => site.clock.advance(11 * MINUTE_MS),
  };
}
