import type { SandboxOptions } from './options.js';

/** Takes a change: a name for what it changes, and how it becomes visible. */
export type NoteChange = (key: string, show: () => void) => void;

/** What reads will show later: changes that are made, but not visible yet. */
export interface ChangeLog {
  /** Notes a change. `show` makes it visible; a later change with the same `key` overtakes nothing, order is kept. */
  readonly append: NoteChange;
  /** Shows a change now and forgets older ones of the same `key`, which would undo it. */
  readonly showNow: NoteChange;
  /** To be called when a read begins: counts it, and shows what has become old enough. */
  read(): void;
  /** Shows everything. */
  settle(): void;
}

interface Change {
  readonly key: string;
  readonly madeAtMs: number;
  readonly readsBefore: number;
  readonly show: () => void;
}

/** Reads trail behind writes by `options.lag`, as they do between Atlassian's identity platform and Confluence. */
export function createChangeLog(options: SandboxOptions, now: () => number): ChangeLog {
  let pending: Change[] = [];
  let reads = 0;

  const showFirst = (count: number): void => {
    if (count === 0) return;
    const shown = pending.slice(0, count);
    pending = pending.slice(count);
    for (const change of shown) change.show();
  };

  const showOldEnough = (): void => {
    const young = pending.findIndex(
      (change) => now() - change.madeAtMs < options.lag.ms || reads - change.readsBefore <= options.lag.reads,
    );
    showFirst(young === -1 ? pending.length : young);
  };

  return {
    append(key, show) {
      if (options.lag.ms === 0 && options.lag.reads === 0 && pending.length === 0) {
        show();
        return;
      }
      pending.push({ key, madeAtMs: now(), readsBefore: reads, show });
    },
    showNow(key, show) {
      if (pending.length > 0) pending = pending.filter((change) => change.key !== key);
      show();
    },
    read() {
      reads += 1;
      showOldEnough();
    },
    settle: () => showFirst(pending.length),
  };
}
