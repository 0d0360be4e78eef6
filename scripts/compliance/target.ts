import type { Processes } from './processes.js';

/** The SCIM service a suite runs against. */
export interface Target {
  /** SCIM base URL, without a slash at its end. */
  readonly url: string;
  /** Bearer token. Never printed. */
  readonly token: string;
}

/** What a suite needs to run. */
export interface Tools {
  readonly processes: Processes;
  /** The project's folder. */
  readonly root: string;
  /** A folder for this one run. */
  readonly folder: string;
  /** The folder of the virtual environment's commands. */
  readonly bin: string;
  /** A checkout of scim2/test-suite, if one is named. */
  readonly goSuite: string | undefined;
}

/** How long a suite may take. */
export const LIMIT_MS = 300_000;

/** The token travels in the environment, which other users of the machine do not see, wherever a suite can read it there. */
export function environmentFor({ url, token }: Target): NodeJS.ProcessEnv {
  const direct = [process.env['NO_PROXY'] ?? process.env['no_proxy'] ?? '', '127.0.0.1', 'localhost'];
  const noProxy = direct.filter((host) => host !== '').join(',');
  return { ...process.env, SCIM_URL: url, SCIM_TOKEN: token, NO_PROXY: noProxy, no_proxy: noProxy, PYTHONUTF8: '1' };
}
