import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, runCommand, type ServeProcess, startServe } from './serve.js';
import { Violation } from './violation.js';

export interface BridgeOptions {
  readonly settings: Readonly<Record<string, string>>;
  /** A folder without `.env`. */
  readonly folder: string;
  /** Takes each line of the log. */
  readonly onLine: (line: string) => void;
  readonly isProbed?: boolean;
}

/** The bridge under test: a process that comes and goes at one address. */
export class Bridge {
  #process: ServeProcess | undefined;
  /** How long it took to be ready, the last time. */
  startMs = 800;

  private constructor(
    private readonly options: BridgeOptions,
    readonly port: number,
  ) {}

  static async at(options: BridgeOptions): Promise<Bridge> {
    return new Bridge(options, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The running process. @throws Error when there is none */
  get running(): ServeProcess {
    if (this.#process === undefined) throw new Error('The bridge does not run.');
    return this.#process;
  }

  /** @param settings over the usual ones */
  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const startedAtMs = Date.now();
    try {
      await this.#spawn(settings).ready();
    } catch (error) {
      throw new Violation(error instanceof Error ? error.message : String(error));
    }
    this.startMs = Date.now() - startedAtMs;
  }

  /** Starts it and kills it after so many milliseconds, however far it is by then. */
  async startAndKill(afterMs: number): Promise<void> {
    this.#spawn({});
    await sleep(afterMs);
    await this.kill();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    const code = await this.#process?.stop();
    this.#process = undefined;
    if (code !== 0) throw new Violation(`serve ended with ${String(code)} when it was told to stop`);
  }

  /** @returns what a command beside it prints */
  async command(...args: string[]): Promise<string> {
    const { settings, folder } = this.options;
    const { code, stdout, stderr } = await runCommand(args, { env: settings, cwd: folder });
    if (code !== 0) throw new Violation(`${args.join(' ')} ended with ${String(code)}: ${stderr}`);
    return stdout;
  }

  #spawn(settings: Readonly<Record<string, string>>): ServeProcess {
    const { folder, onLine, isProbed = false } = this.options;
    this.#process = startServe({
      env: { ...this.options.settings, ...settings },
      cwd: folder,
      port: this.port,
      onLine,
      isProbed,
    });
    return this.#process;
  }
}
