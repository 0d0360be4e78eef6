import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STOP_MS = 20_000;
const POLL_MS = 20;

/** Stops the PostgreSQL of the run, where one was started, and removes its folder. */
export default async function teardown() {
  const folder = process.env.TEST_POSTGRES_FOLDER;
  const pid = serverIn(folder);
  if (pid !== undefined) {
    // At once: what it holds goes with it.
    process.kill(pid, 'SIGQUIT');
    for (let waitedMs = 0; serverIn(folder) !== undefined && waitedMs < STOP_MS; waitedMs += POLL_MS)
      await sleep(POLL_MS);
  }
  rmSync(folder, { recursive: true });
}

/** The process id of the server, from the file that it removes last. */
function serverIn(folder) {
  try {
    return Number(readFileSync(join(folder, 'server', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}
