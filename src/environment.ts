import { ConfigurationError, type Environment } from './config.js';

/**
 * The variables of this process, with those of a `.env` file where the process has none of that name.
 *
 * @param path a missing file is fine
 * @throws ConfigurationError when the file is there and cannot be read
 */
export function loadEnvironment(path = '.env'): Environment {
  try {
    process.loadEnvFile(path);
  } catch (error) {
    if (!isMissing(error)) {
      throw new ConfigurationError([
        { setting: path, problem: 'is there but cannot be read; is it a file of this user?', example: undefined },
      ]);
    }
  }
  return process.env;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
