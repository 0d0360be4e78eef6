import type { Sample } from './measures.js';

/** Shorter than this, a process that has just begun cannot be told from one that grows. */
const LEAST_MEMORY_MS = 5 * 60_000;
/** How much more the last quarter may hold than the second one; the first is warming up. */
const MOST_GROWTH = 0.15;
const MIB = 2 ** 20;

interface Growth {
  readonly what: string;
  readonly earlyBytes: number;
  readonly lateBytes: number;
}

/** Of what is resident the median; of the heap the lower quartile, for in between it is as full as the collector lets it be. */
function growthOf(samples: readonly Sample[]): readonly Growth[] {
  const endMs = lengthOf(samples);
  const quarter = (n: number): readonly Sample[] =>
    samples.filter(({ atMs }) => atMs >= (endMs * n) / 4 && atMs <= (endMs * (n + 1)) / 4);
  const [early, late] = [quarter(1), quarter(3)];
  const resident = (some: readonly Sample[]): number => median(some.map(({ rssBytes }) => rssBytes));
  const heap = (some: readonly Sample[]): number => lowerQuartile(some.map(({ heapBytes }) => heapBytes));
  return [
    { what: 'resident memory', earlyBytes: resident(early), lateBytes: resident(late) },
    { what: 'heap', earlyBytes: heap(early), lateBytes: heap(late) },
  ];
}

/** What speaks against the memory being flat; nothing where the run was too short to tell. */
export function memoryProblems(samples: readonly Sample[]): string[] {
  if (lengthOf(samples) < LEAST_MEMORY_MS) return [];
  return growthOf(samples)
    .filter(({ earlyBytes, lateBytes }) => lateBytes > earlyBytes * (1 + MOST_GROWTH))
    .map(
      ({ what }) => `The ${what} has grown by more than ${MOST_GROWTH * 100} % from the second quarter to the last.`,
    );
}

export function describeMemory(samples: readonly Sample[]): string {
  if (lengthOf(samples) < LEAST_MEMORY_MS) return 'Too short a run to say anything of memory.';
  return growthOf(samples)
    .map(({ what, earlyBytes, lateBytes }) => {
      const [early, late] = [earlyBytes, lateBytes].map((bytes) => (bytes / MIB).toFixed(1));
      return `The ${what} was ${early} MB in the second quarter and ${late} MB in the last.`;
    })
    .join(' ');
}

function lengthOf(samples: readonly Sample[]): number {
  return samples.at(-1)?.atMs ?? 0;
}

/** Most idle connections to Atlassian: for each of the two clients that a bridge uses, as many as it may use at once. */
const MOST_IDLE_UPSTREAM = 16;

/** More handles than at the start: timers that come and go. What leaks does so with each of hundreds of requests. */
const MOST_MORE_HANDLES = 10;

/** What speaks against everything being closed again. @param begun before the first request */
export function leakProblems(begun: Sample, now: Sample): string[] {
  const problems: string[] = [];
  if (now.files > begun.files)
    problems.push(`${now.files} files and sockets are open, ${begun.files} were at the start`);
  if (now.handles > begun.handles + MOST_MORE_HANDLES)
    problems.push(`${now.handles} handles are active, ${begun.handles} were at the start`);
  if (now.upstreamSockets > MOST_IDLE_UPSTREAM)
    problems.push(`${now.upstreamSockets} connections to Atlassian are open`);
  return problems;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function lowerQuartile(values: readonly number[]): number {
  return quantile(values, 0.25);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
