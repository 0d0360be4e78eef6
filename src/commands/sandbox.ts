import { runSandbox } from '../sandbox/run.js';
import { onShutdown } from '../shutdown.js';

/** Runs the stand-in for Atlassian alone, for trying things by hand. Resolves when it listens. */
export async function sandbox(): Promise<void> {
  const running = await runSandbox();
  onShutdown(['SIGTERM', 'SIGINT'], () => void running.close());
}
