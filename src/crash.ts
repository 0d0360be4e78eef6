import { readConfig, secretsOf } from './config.js';
import { loadEnvironment } from './environment.js';
import { EXIT_CODES } from './exit.js';
import { createRedactor } from './observability/redact.js';

/**
 * Ends the process on an error that nobody caught, as Node does by itself, but in words without secrets or personal data:
 * Node prints the message, the values beside it and the line of source. The report that was set last is made.
 *
 * @param report must be done when it returns
 */
export function onCrash(report: (error: unknown) => void): void {
  process.setUncaughtExceptionCaptureCallback(null);
  process.setUncaughtExceptionCaptureCallback((error) => {
    report(error);
    process.exit(EXIT_CODES.failure);
  });
}

/** An error of the program itself as text for people, without the secrets of the settings as they are now. */
export function describeCrash(error: unknown): string {
  const plain = createRedactor(currentSecrets()).value(error);
  return `confluence-scim-bridge met an error of its own:\n${JSON.stringify(plain, undefined, 2)}\n`;
}

/** Settings that cannot be read have let nothing begin that could have spread them. */
function currentSecrets(): readonly string[] {
  try {
    return secretsOf(readConfig(loadEnvironment()));
  } catch {
    return [];
  }
}
