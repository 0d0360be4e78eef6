import { connect } from '../atlassian/connection.js';
import { upstreamConfig } from '../bridge.js';
import { systemClock } from '../clock.js';
import { readConfig } from '../config.js';
import { questionsTo } from '../doctor/questions.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { Failure } from '../provisioning/failure.js';
import { pausesKeptIn, readRecords } from '../store/reading.js';
import { type Explanation, explain, type Question } from '../why/explain.js';

/**
 * Explains why somebody has access to Confluence or has none, or how a group came to be what it is. It writes nothing,
 * neither upstream nor in the store, and may run beside a bridge that serves.
 *
 * @returns the exit code: 0 explained, 75 explained from the record alone since Atlassian could not be asked, 1 nobody
 *   or several found
 * @throws ConfigurationError; ExitError when there is no store to read
 */
export async function why(question: Question, { json }: { readonly json: boolean }): Promise<number> {
  const config = readConfig(loadEnvironment());
  const pauses = pausesKeptIn(config.databaseUrl);
  const connection = connect({ config: upstreamConfig(config), clock: systemClock, pauses });
  try {
    const explanation = await readRecords(config.databaseUrl, (records) =>
      explain(question, { questions: questionsTo(config, connection, systemClock), records, clock: systemClock }, json),
    );
    if (explanation.kind === 'none') process.stderr.write(explanation.text);
    else process.stdout.write(explanation.text);
    return exitCodeOf(explanation);
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  } finally {
    connection.close();
  }
}

function exitCodeOf({ kind, isComplete }: Explanation): number {
  if (!isComplete) return EXIT_CODES.tryAgain;
  return kind === 'explained' ? EXIT_CODES.ok : EXIT_CODES.failure;
}
