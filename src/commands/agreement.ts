import { createInterface } from 'node:readline/promises';

/**
 * Asks the operator. Anything but yes is no, and so is nobody there to ask. The question goes to standard error, where it
 * does not disturb what is printed for other programs.
 */
export async function isAgreed(question: string, signal: AbortSignal): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  prompt.once('close', () => ended.abort());
  try {
    const either = AbortSignal.any([signal, ended.signal]);
    const answer = await prompt.question(`${question} [y/N] `, { signal: either });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    prompt.close();
  }
}
