import { parseSoakArguments, SOAK_HELP } from './options.js';
import { anySeed } from './random.js';
import { describeSoak, runSoak } from './soakRun.js';
import { withStores } from './stores.js';
import { runTool } from './tool.js';

await runTool(async (args, print) => {
  const { help, minutes, store, seed = anySeed() } = parseSoakArguments(args);
  if (help) return SOAK_HELP;
  return withStores([store], async (stores) => {
    const [createDatabase] = stores.values();
    if (createDatabase === undefined) return false;
    const result = await runSoak({ durationMs: minutes * 60_000, seed, createDatabase }, print);
    for (const line of describeSoak(result)) print(line);
    return result.problems.length === 0;
  });
});
