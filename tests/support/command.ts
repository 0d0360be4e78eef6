import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A command of the built program, in a process of its own with nothing in its environment but what is given. */
export interface RunningCommand {
  readonly pid: number;
  /** Everything printed so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** Resolves when a line of standard output holds the text. @throws Error when the process ends first */
  said(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** From now on nobody reads its standard output. */
  stopReading(): void;
  /** The exit code; null when a signal ended the process. */
  readonly exit: Promise<number | null>;
}

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/**
 * @param cwd     a folder without `.env`
 * @param through a command in front of it, such as one that takes rights away
 */
export function startCommand(
  args: readonly string[],
  {
    env,
    cwd,
    through = [],
  }: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly through?: readonly string[];
  },
): RunningCommand {
  if (!existsSync(PROGRAM)) throw new Error('The program is not built: npm run build');
  const [program = '', ...rest] = [...through, process.execPath, PROGRAM, ...args];
  const child = spawn(program, rest, {
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8');
    child[stream].on('data', (text: string) => {
      printed[stream] += text;
      changed();
    });
  }
  let hasEnded = false;
  const exit = once(child, 'close').then(([code]) => {
    hasEnded = true;
    changed();
    return code as number | null;
  });
  return {
    pid: child.pid ?? 0,
    output: () => ({ ...printed }),
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const isSaid = printed.stdout.includes(text);
          if (!isSaid && !hasEnded) return;
          listeners.delete(look);
          if (isSaid) resolve();
          else reject(new Error(`The process ended without saying "${text}": ${printed.stderr}`));
        };
        listeners.add(look);
        look();
      }),
    signal: (name) => void child.kill(name),
    stopReading: () => void child.stdout.destroy(),
    exit,
  };
}
