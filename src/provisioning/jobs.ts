import { setMaxListeners } from 'node:events';
import { endsInTime } from './waiting.js';
import type { Call, Clock, UpstreamCall } from './call.js';
import type { Log } from './dependencies.js';
import { Failure } from './failure.js';

/** Told by work while it goes on, so that whoever gives up waiting can say how far it is. */
export type Progress = (done: number, total: number) => void;

/** Work that may outlast the request that began it (rule GR8). */
export interface Jobs {
  /**
   * Runs `work` with a call of its own and waits for it as long as the request's budget lasts. Work under the same key
   * that is still running is joined instead. The upstream calls made while waiting are appended to `call.upstream`.
   *
   * Nothing is kept of work that has ended: it must be made so that running it again finds nothing left to do.
   *
   * @param key stands for one message: the same key must mean the same work and the same type of result
   * @throws Failure whatever the work fails with; `unavailable` when it goes on after the budget, when too much work is
   *   running already, or when the bridge is stopping
   */
  run<T>(key: string, call: Call, work: (jobCall: Call, progress: Progress) => Promise<T>): Promise<T>;
  /** Aborts what is running and waits for it to end; new work is refused. */
  stop(): Promise<void>;
}

export interface JobOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** At once, those that a request still waits for included. */
  readonly maxRunning: number;
  /** How long one piece of work may take, waiting for locks included. */
  readonly maxMs: number;
  /** Told how much is running, whenever that changes. */
  readonly onRunning?: (count: number) => void;
}

interface Job {
  readonly result: Promise<unknown>;
  readonly upstream: UpstreamCall[];
  progress: { readonly done: number; readonly total: number } | undefined;
  waiting: number;
}

const BUSY_RETRY_SECONDS = 5;
const RUNNING_RETRY_SECONDS = 10;

/**
 * Work is joined within this process. The identical message that reaches another instance begins work of its own, which
 * waits for the lock of what it changes: behind work that goes on, and, where that one's instance died, no longer than
 * its lease. Then it finds the rest to do, or nothing.
 */
export function createJobs({ clock, log, maxRunning, maxMs, onRunning }: JobOptions): Jobs {
  const running = new Map<string, Job>();
  const stopping = new AbortController();
  // All that runs listens to it; more than ten are no leak.
  setMaxListeners(0, stopping.signal);

  function start(key: string, call: Call, work: (jobCall: Call, progress: Progress) => Promise<unknown>): Job {
    if (stopping.signal.aborted) {
      throw stoppingBridge();
    }
    if (running.size >= maxRunning) {
      throw new Failure(
        'unavailable',
        'The bridge has too many changes of groups under way. Send the same message again later.',
        {
          retryAfterSeconds: BUSY_RETRY_SECONDS,
        },
      );
    }
    const upstream: UpstreamCall[] = [];
    const jobCall: Call = { ...call, deadlineMs: clock.now() + maxMs, signal: stopping.signal, upstream };
    const begun = Promise.resolve().then(() => {
      stopping.signal.throwIfAborted();
      return work(jobCall, (done, total) => {
        job.progress = { done, total };
      });
    });
    const result = begun.finally(() => {
      running.delete(key);
      onRunning?.(running.size);
    });
    const job: Job = { result, upstream, progress: undefined, waiting: 0 };
    running.set(key, job);
    onRunning?.(running.size);
    // Handled here too, because nobody may be waiting any more when it fails.
    job.result.then(
      () => tellAbandoned(job, call, undefined),
      (error: unknown) => tellAbandoned(job, call, Failure.from(error)),
    );
    return job;
  }

  function tellAbandoned(job: Job, call: Call, failure: Failure | undefined): void {
    if (job.waiting > 0) return;
    const fields = { requestId: call.requestId, ...job.progress };
    if (failure === undefined) log.info('Work that outlasted its request is done', fields);
    else
      log.warn('Work that outlasted its request failed; the same message finishes the rest', {
        ...fields,
        failure: failure.kind,
      });
  }

  return {
    async run<T>(key: string, call: Call, work: (jobCall: Call, progress: Progress) => Promise<T>): Promise<T> {
      const joined = running.get(key);
      const job = joined ?? start(key, call, work);
      const seen = joined?.upstream.length ?? 0;
      job.waiting += 1;
      try {
        if (!(await endsInTime(job.result, call.deadlineMs, call.signal, clock)))
          throw call.signal.aborted ? stoppingBridge() : stillRunning(job);
        // Whoever uses the same key asks for the same type of result.
        return (await job.result) as T;
      } finally {
        job.waiting -= 1;
        call.upstream.push(...job.upstream.slice(seen));
      }
    },
    async stop() {
      stopping.abort(stoppingBridge());
      await Promise.allSettled([...running.values()].map((job) => job.result));
    },
  };
}

function stoppingBridge(): Failure {
  return new Failure('unavailable', 'The bridge is stopping. Send the same message again.', {
    retryAfterSeconds: BUSY_RETRY_SECONDS,
  });
}

function stillRunning({ progress }: Job): Failure {
  const state =
    progress === undefined
      ? 'The change has begun and goes on'
      : `${String(progress.done)} of ${String(progress.total)} members done, and the work goes on`;
  return new Failure('unavailable', `${state}. Send the same message again to have the result.`, {
    retryAfterSeconds: RUNNING_RETRY_SECONDS,
  });
}
