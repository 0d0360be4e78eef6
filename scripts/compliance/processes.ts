import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Written to standard input, which is then closed; closed at once when absent. */
  readonly input?: string;
  /** After this long the process is killed, and `run` throws. */
  readonly timeoutMs: number;
}

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const GRACE_MS = 2_000;

/**
 * The child processes of a run. Each leads a process group of its own, so that what it starts ends with it; whatever
 * way this process ends, short of a kill, none is left behind.
 */
export class Processes {
  readonly #running = new Set<ChildProcess>();
  #isClosed = false;

  constructor() {
    process.once('exit', () => {
      for (const child of this.#running) signal(child, 'SIGKILL');
    });
  }

  /** @throws Error once `close` was called */
  start(command: string, args: readonly string[], options: Pick<RunOptions, 'env' | 'cwd'>): Started {
    if (this.#isClosed) throw new Error('interrupted');
    const child = spawn(command, args, { ...options, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#running.add(child);
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    }).finally(() => this.#running.delete(child));
    // Who does not wait for the end need not hear of it.
    ended.catch(() => undefined);
    // A process that ends before it has read its input is no error of ours.
    child.stdin.on('error', () => undefined);
    return { child, stdin: child.stdin, out: collect(child.stdout), err: collect(child.stderr), ended };
  }

  /**
   * Runs a command to its end.
   *
   * @throws Error when it cannot be started or is not done in time
   */
  async run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
    const started = this.start(command, args, options);
    started.stdin.end(options.input ?? '');
    const deadline = AbortSignal.timeout(options.timeoutMs);
    deadline.addEventListener('abort', () => signal(started.child, 'SIGKILL'));
    const code = await started.ended;
    if (this.#isClosed) throw new Error('interrupted');
    if (deadline.aborted) throw new Error(`not done after ${Math.round(options.timeoutMs / 1000)} s`);
    return { code, out: started.out(), err: started.err() };
  }

  /** Ends one process, by force if it does not go. */
  async stop({ child, ended }: Started): Promise<void> {
    const timer = setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS);
    signal(child, 'SIGTERM');
    await ended.catch(() => undefined);
    clearTimeout(timer);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends all, and lets none start any more. */
  close(): void {
    this.#isClosed = true;
    for (const child of this.#running) signal(child, 'SIGKILL');
  }
}

export interface Started {
  readonly child: ChildProcess;
  readonly stdin: NodeJS.WritableStream;
  /** What it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code; -1 after a signal. Rejects when the command could not be started. */
  readonly ended: Promise<number>;
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => (text += chunk));
  return () => text;
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has just ended by itself.
  }
}

/** Gives `work` a folder of its own, and removes it afterwards. */
export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'scim-compliance-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
