import type { Sample } from './measures.js';
import { median } from './verdict.js';

const MIB = 2 ** 20;
const WIDTHS = [6, 6, 6, 6, 8, 8, 8, 6, 8, 6, 7, 7] as const;
const NAMES = [
  'min',
  'req/s',
  '503',
  'gusts',
  'rss MB',
  'heap MB',
  'handles',
  'files',
  'upstream',
  'lag ms',
  'db MB',
  'wal MB',
] as const;

export const HEAD = cells(NAMES);

/** Since the traffic began. */
export interface Counts {
  readonly requests: number;
  readonly gusts: number;
  /** Answered with "later". */
  readonly postponed: number;
}

/** One row of the table: what was measured since the row before. */
export function toRow(samples: readonly Sample[], now: Counts, before: Counts): string {
  const of = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  const [first, last] = [samples[0]?.atMs ?? 0, samples.at(-1)?.atMs ?? 0];
  const megabytes = (bytes: number): string => (bytes / MIB).toFixed(1);
  return cells([
    (last / 60_000).toFixed(1),
    ((now.requests - before.requests) / Math.max(1, (last - first) / 1_000)).toFixed(1),
    String(now.postponed - before.postponed),
    String(now.gusts - before.gusts),
    megabytes(of(({ rssBytes }) => rssBytes)),
    megabytes(Math.min(...samples.map(({ heapBytes }) => heapBytes))),
    String(of(({ handles }) => handles)),
    String(of(({ files }) => files)),
    String(of(({ upstreamSockets }) => upstreamSockets)),
    String(Math.max(...samples.map(({ lagMs }) => lagMs))),
    megabytes(of(({ databaseBytes }) => databaseBytes)),
    megabytes(of(({ logBytes }) => logBytes)),
  ]);
}

function cells(texts: readonly string[]): string {
  return texts.map((text, n) => text.padStart(WIDTHS[n] ?? 0)).join(' ');
}
