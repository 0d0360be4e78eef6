import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigurationError, type Environment } from './config.js';

/**
 * The variables of this process, with those of a `.env` file where the process has none of that name. The process' own
 * stay as they are, so that a later call reads the file as it is then.
 *
 * @param path a missing file is fine
 * @throws ConfigurationError when the file is there and cannot be read
 */
export function loadEnvironment(path = '.env'): Environment {
  try {
    return { ...parseEnv(readFileSync(path, 'utf8')), ...process.env };
  } catch (error) {
    if (isMissing(error)) return { ...process.env };
    throw new ConfigurationError([
      { setting: path, problem: 'is there but cannot be read; is it a file of this user?', example: undefined },
    ]);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
