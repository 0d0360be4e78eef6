import { UsageError } from './options.js';

const EXIT = { ok: 0, broken: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs a command to its exit code.
 *
 * @param work with the arguments, and what takes lines for people
 * @returns text that was asked for instead of a run, or whether everything was as it must be
 */
export async function runTool(
  work: (args: readonly string[], print: (line: string) => void) => Promise<boolean | string>,
): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  // Whatever was started ends with this process.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(EXIT.interrupted));
  try {
    const result = await work(process.argv.slice(2), print);
    if (typeof result === 'string') process.stdout.write(result);
    else process.exitCode = result ? EXIT.ok : EXIT.broken;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT.usage;
  }
}
