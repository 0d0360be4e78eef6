const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const AGE = /^(\d{1,5})([mhdw])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a point in time as the command line takes it: an ISO day (its beginning in UTC), an ISO time with its offset, or
 * an age such as `90m`, `12h`, `7d`, `2w`.
 *
 * @returns the time as the audit spells it; undefined when it cannot be read
 */
export function parseSince(text: string, nowMs: number): string | undefined {
  const [, count, unit] = AGE.exec(text) ?? [];
  const ageMs = unit === undefined ? undefined : Number(count) * (UNIT_MS[unit] ?? 0);
  const atMs = ageMs === undefined ? (DAY.test(text) || INSTANT.test(text) ? Date.parse(text) : NaN) : nowMs - ageMs;
  if (Number.isNaN(atMs)) return undefined;
  const iso = new Date(atMs).toISOString();
  // Date.parse takes the 31st of a month of thirty days for the 1st of the next.
  return DAY.test(text) && !iso.startsWith(text) ? undefined : iso;
}
