import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** A `serve` of the built program in a process of its own, as an operator runs it. */
export interface ServeProcess {
  readonly pid: number;
  /** Resolves when it is ready. @throws Error when it ends before, or is not ready in time */
  ready(): Promise<void>;
  /** `kill -9`: nothing is flushed, nothing says goodbye. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
  /** What the process itself says of its state; only with `isProbed`. */
  ask(): Promise<Inside>;
}

/** What a probe in the bridge's process tells. */
export interface Inside {
  readonly heapBytes: number;
  /** The longest that the event loop was held up since the last question. */
  readonly lagMs: number;
  /** Sockets, timers and the like that keep it alive. */
  readonly handles: number;
}

export interface ServeOptions {
  /** All of its settings. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder without `.env`. */
  readonly cwd: string;
  readonly port: number;
  /** Takes each line that it prints. */
  readonly onLine?: (line: string) => void;
  /** Loads a probe in front of the program. */
  readonly isProbed?: boolean;
}

const PROGRAM = resolve('dist/main.js');
const PROBE = pathToFileURL(resolve('scripts/endurance/probe.mjs')).href;

const READY_MS = 30_000;
const POLL_MS = 25;

export function startServe(options: ServeOptions): ServeProcess {
  const { env, cwd, port, onLine = () => undefined, isProbed = false } = options;
  const child = spawn(process.execPath, [...(isProbed ? ['--import', PROBE] : []), PROGRAM, 'serve'], {
    cwd,
    env: { PATH: process.env['PATH'], PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(isProbed ? (['ipc'] as const) : [])],
  });
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const said: string[] = [];
  const take = (line: string): void => {
    said.push(line);
    if (said.length > MOST_SAID) said.shift();
    onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) readLines(stream, take);
  const gone = new Promise<number | null>((done) => {
    child.once('close', (code) => {
      process.off('exit', endWithUs);
      done(code);
    });
  });
  const url = `http://127.0.0.1:${port}/readyz`;
  return {
    pid: child.pid ?? 0,
    async ready() {
      const deadlineMs = Date.now() + READY_MS;
      while (isRunning(child) && Date.now() < deadlineMs) {
        if (await isReady(url)) return;
        await sleep(POLL_MS);
      }
      const state = isRunning(child)
        ? 'is not ready in time'
        : `ended with ${child.exitCode ?? child.signalCode ?? ''}`;
      throw new Error(`serve ${state}: ${said.join(' | ')}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    stop() {
      child.kill('SIGTERM');
      return gone;
    },
    ask: () =>
      new Promise((answer, fail) => {
        child.once('message', (inside) => answer(inside as Inside));
        child.send('?', (error) => error && fail(error));
      }),
  };
}

/** Lines that are kept for the case that it does not become ready. */
const MOST_SAID = 20;

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

/** Runs a command of the built program to its end. */
export async function runCommand(
  args: readonly string[],
  { env, cwd }: Pick<ServeOptions, 'env' | 'cwd'>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done) => void child.once('close', done));
  return { code, stdout, stderr };
}

/** Below those that a system gives to whoever asks for any: clients, and servers that listen at 0. Linux begins at 32,768. */
const PORTS = { first: 20_000, end: 32_000 };

/** A port of this machine that nobody listens at, and that the system gives to nobody meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
  });
}
