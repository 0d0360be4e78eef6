import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** Sources made runnable by a Node of their own. */
export interface RunnableSources {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Transpiles modules of `src`, and those that they import, into a folder of their own, for tests of what only a whole
 * process can show: signals, exit codes, its environment. Packages are not to be had there.
 *
 * @param names paths below `src`, without `.ts`
 * @param script text of `main.js` beside them
 */
export async function makeRunnable(names: readonly string[], script: string): Promise<RunnableSources> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-process-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'main.js'), script);
  const wanted = new Set(names);
  for (const name of wanted) {
    const source = await readFile(new URL(`../../src/${name}.ts`, import.meta.url), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    const file = join(folder, `${name}.js`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, outputText);
    // Added while the set is walked, so that their turn comes, too.
    for (const [, path = ''] of outputText.matchAll(/ from '(\.{1,2}\/.+)\.js';$/gm))
      wanted.add(join(dirname(name), path));
  }
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
