import { createInterface } from 'node:readline/promises';

/** Asks whoever sits at the terminal. Anything but yes is no, and so is nobody there to ask. */
export async function isConfirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  prompt.once('close', () => ended.abort());
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `, { signal: ended.signal })).trim());
  } catch {
    return false;
  } finally {
    prompt.close();
  }
}
