/** The fewest letters to insert, drop or change that turn one word into the other (Levenshtein). */
export function editDistance(from: string, to: string): number {
  const target = Array.from(to);
  let row = [0, ...target.map((_, index) => index + 1)];
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of target.entries()) {
      const change = at(row, j) + (letter === other ? 0 : 1);
      next.push(Math.min(change, at(row, j + 1) + 1, at(next, j) + 1));
    }
    row = next;
  }
  return at(row, target.length);
}

/** The known word nearest to this one, if any is at most `maxDistance` letters away. */
export function nearestWord(word: string, known: readonly string[], maxDistance: number): string | undefined {
  const near = known
    .filter((candidate) => Math.abs(candidate.length - word.length) <= maxDistance)
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= maxDistance)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
