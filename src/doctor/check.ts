import { type Scopes, scopesOf } from '../atlassian/scopes.js';
import { Failure } from '../provisioning/failure.js';

/** The questions of the doctor; each has a file of its name, and one line or more in the report. */
export type CheckName =
  | 'address'
  | 'token'
  | 'scopes'
  | 'clock'
  | 'organizationKey'
  | 'backEnd'
  | 'grantingGroups'
  | 'roles'
  | 'accessGroups'
  | 'readRights'
  | 'writeRights'
  | 'createRights'
  | 'jiraSearch'
  | 'seats'
  | 'expiry'
  | 'settings'
  | 'tls'
  | 'callers'
  | 'mode'
  | 'records'
  | 'brake'
  | 'leavers'
  | 'seatLimit';

/** One line of the report. No secret and no address of a person is in it; names of groups are, since they are pasted. */
export interface Finding {
  readonly check: CheckName;
  /** `warning`: it works, and somebody should look. `unknown`: nothing that the bridge may ask tells. */
  readonly status: 'ok' | 'warning' | 'failed' | 'unknown';
  /** Of a right: `proved` by a call that needs it, `likely` from what else was seen, or `unknown`. */
  readonly certainty?: 'proved' | 'likely' | 'unknown';
  /** One sentence or two, what is the case. */
  readonly message: string;
  /** What the operator can do about it. */
  readonly remedy?: string;
  /** The upstream operation that the finding is about, and its scopes; all of one family suffice. */
  readonly scope?: Scopes & { readonly operation: string };
}

/** What a check found out. */
export interface Observation extends Omit<Finding, 'check'> {
  /** What was caught and put into better words: other checks that meet the same failure need not tell it again. */
  readonly cause?: unknown;
}

/** One question about `Subject`. It changes nothing, neither upstream nor in the store. */
export interface Check<Subject> {
  readonly name: CheckName;
  /**
   * Nothing observed: the question does not arise here.
   *
   * @throws Failure when the question could not be answered; that is a finding, too
   */
  readonly observe: (subject: Subject) => Promise<readonly Observation[]>;
}

/** Asks one after the other. A failure that several checks meet is reported by the first of them. */
export async function examine<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
): Promise<readonly Finding[]> {
  const reporters = new Map<unknown, CheckName>();
  const findings: Finding[] = [];
  for (const check of checks) {
    for (const { cause, ...observation } of await observe(check, subject)) {
      const reporter = reporters.get(cause);
      if (reporter !== undefined) {
        findings.push({ check: check.name, status: 'unknown', message: `Not checked, because of "${reporter}".` });
        continue;
      }
      findings.push({ check: check.name, ...observation });
      if (cause !== undefined) reporters.set(cause, check.name);
    }
  }
  return findings;
}

async function observe<Subject>(check: Check<Subject>, subject: Subject): Promise<readonly Observation[]> {
  try {
    return await check.observe(subject);
  } catch (error) {
    return [{ ...failed(Failure.from(error)), cause: error }];
  }
}

/** A failure as an observation, in its own words. */
export function failed(failure: Failure): Observation {
  const [happened, advice] = inSentences(failure);
  const isForOperator = failure.kind === 'misconfigured';
  return {
    status: 'failed',
    message: isForOperator ? happened : `${happened}${answerOf(failure)}`,
    ...(isForOperator && advice === '' ? {} : { remedy: isForOperator ? advice : 'Run doctor again in a moment.' }),
    ...missingScope(failure),
    cause: failure,
  };
}

/** What happened, and what to do: by their contract messages of failures are one sentence of each. */
export function inSentences({ message }: Failure): readonly [happened: string, advice: string] {
  const end = message.search(/\.\s/) + 1;
  return end === 0 ? [message, ''] : [message.slice(0, end), message.slice(end).trim()];
}

function missingScope({ upstream }: Failure): Pick<Finding, 'scope'> {
  const scopes = upstream?.lacksScope === true ? scopesOf(upstream.operation) : undefined;
  return upstream === undefined || scopes === undefined ? {} : { scope: { operation: upstream.operation, ...scopes } };
}

function answerOf({ upstream }: Failure): string {
  if (upstream === undefined) return '';
  return ` (${upstream.operation}: ${upstream.status === undefined ? 'no answer' : `status ${upstream.status}`})`;
}
