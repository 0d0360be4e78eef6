import type { Repeatability } from './retry.js';
import type { Scopes } from './scopes.js';

/** What is fixed about one upstream operation; declared beside the function that calls it. */
export interface Operation {
  /** For logs, the audit and Failures, as in `openapi/upstream.yaml`: the API and the act, `confluence.addMember`. */
  readonly name: string;
  readonly repeatability: Repeatability;
  /** Whose rights Atlassian looks at. */
  readonly credential: 'site' | 'organization' | 'none';
  /** Completes "Atlassian does not let the bridge …", and "… lacks the scope to …". */
  readonly act: string;
  /** One sentence that tells the operator which right is missing. */
  readonly remedy: string;
  /** What a token with scopes needs; undefined where no such token is used. */
  readonly scopes: Scopes | undefined;
  /** The bridge does without when the right is missing, which then is no trouble with the credential. */
  readonly isOptional?: true;
}

/** One message of an operation. */
export interface Message {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** From the root of the site or API; ids in it went through `segment`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Atlassian's answer as it came; `responses.ts` decides what it means. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** From `Retry-After`; undefined when there is none. */
  readonly retryAfterSeconds: number | undefined;
  header(name: string): string | undefined;
}
