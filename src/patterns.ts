const WILDCARD = '*';

/** Whether a pattern names one thing exactly. */
export function isExactName(pattern: string): boolean {
  return !pattern.includes(WILDCARD);
}

/**
 * Whether a name fits a pattern of the configuration, as a whole and without regard to case. `*` stands for any text,
 * also none; every other character for itself. No regular expression is made from the pattern, so none can run away.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.toLowerCase().split(WILDCARD);
  const text = name.toLowerCase();
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;

  // The leftmost place of each part leaves the most room for the next, so nothing ever has to be tried again.
  const end = text.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
