import { createInterface } from 'node:readline/promises';

/**
 * Asks the operator for a word; nobody there to answer is the empty one. The question goes to standard error, where it
 * does not disturb what is printed for other programs.
 *
 * @param signal ends the wait when it aborts, with the empty answer
 */
export async function ask(question: string, signal?: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  prompt.once('close', () => ended.abort());
  try {
    const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
    return (await prompt.question(question, { signal: either })).trim();
  } catch {
    return '';
  } finally {
    prompt.close();
  }
}

/** Asks the operator. Anything but yes is no, and so is nobody there to ask. */
export async function isAgreed(question: string, signal?: AbortSignal): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, signal));
}
