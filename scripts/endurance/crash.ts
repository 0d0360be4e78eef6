import { runCrash } from './crashRun.js';
import { CRASH_HELP, parseCrashArguments } from './options.js';
import { anySeed } from './random.js';
import { runTool } from './tool.js';
import { withStores } from './stores.js';

await runTool(async (args, print) => {
  const { help, kills, store, seed = anySeed() } = parseCrashArguments(args);
  if (help) return CRASH_HELP;
  const names = store === 'both' ? (['sqlite', 'postgres'] as const) : [store];
  return withStores(names, async (stores) => (await runCrash({ kills, seed, stores }, print)).isKept);
});
