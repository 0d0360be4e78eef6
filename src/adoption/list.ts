const MOST_BYTES = 1024 * 1024;
const MOST_LINES = 10_000;
/** An address is no longer than 254 characters, an id no longer than 128. */
const LONGEST_LINE = 320;

/** A list that cannot be read, in words for whoever wrote it. */
export class ListProblem extends Error {}

/**
 * Reads addresses or ids, one a line; empty lines and what follows `#` do not count, nor do repetitions. Addresses become
 * lower case.
 *
 * @throws ListProblem for a list too large, a line too long, or no line at all
 */
export async function readList(chunks: AsyncIterable<string | Buffer>): Promise<readonly string[]> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new ListProblem('The list is larger than 1 MB. Give it in parts.');
    parts.push(part);
  }
  const lines = Buffer.concat(parts)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/);
  const list = new Set<string>();
  lines.forEach((line, position) => {
    if (line.length > LONGEST_LINE)
      throw new ListProblem(`Line ${position + 1} is longer than ${LONGEST_LINE} characters. Give one address a line.`);
    const who = line.replace(/(^|\s)#.*$/, '').trim();
    if (who !== '') list.add(who.includes('@') ? who.toLowerCase() : who);
  });
  if (list.size > MOST_LINES) throw new ListProblem(`The list names more than ${MOST_LINES} people. Give it in parts.`);
  if (list.size === 0)
    throw new ListProblem('The list is empty. Give one address a line, or no list for everybody with access.');
  return [...list];
}
