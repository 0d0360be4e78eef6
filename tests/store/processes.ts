import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';

/** What a child process needs of the sources, from the project's root. */
const SOURCES = ['src/store', 'src/provisioning', 'tests/store/children'];

/** A folder with the store and the children in plain JavaScript, so that real processes can run them as they are now. */
export interface Workshop {
  readonly folder: string;
  /** Starts `tests/store/children/<name>.ts`. */
  start(name: string, ...args: readonly string[]): Child;
  /** Kills every child and removes the folder. */
  remove(): Promise<void>;
}

export interface Child {
  /** The next line it prints; undefined when it has ended. */
  nextLine(): Promise<string | undefined>;
  /** SIGKILL, and resolves when it is gone; what it had printed can still be read. */
  kill(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-processes-'));
  const children: ChildProcess[] = [];
  for (const source of SOURCES) await transpile(source, join(folder, source));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'), 'dir');
  return {
    folder,
    start(name, ...args) {
      const script = join(folder, 'tests/store/children', `${name}.js`);
      const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return {
        async nextLine() {
          const next = await lines.next();
          return next.done === true ? undefined : next.value;
        },
        kill: () => kill(child),
      };
    },
    async remove() {
      await Promise.all(children.map(kill));
      await rm(folder, { recursive: true });
    },
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function transpile(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const names = (await readdir(from)).filter((name) => name.endsWith('.ts'));
  await Promise.all(
    names.map(async (name) => {
      const { outputText } = ts.transpileModule(await readFile(join(from, name), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
      });
      await writeFile(join(to, name.replace(/\.ts$/, '.js')), outputText);
    }),
  );
}
