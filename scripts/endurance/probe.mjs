// Loaded into the bridge in front of its program (`node --import`): answers its parent with what only the process itself
// knows, and holds nothing open by it.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
process.on('message', () => {
  process.send({
    heapBytes: process.memoryUsage().heapUsed,
    /** The longest since the last question. */
    lagMs: Number.isFinite(delay.max) ? Math.round(delay.max / 1e6) : 0,
    handles: process.getActiveResourcesInfo().length,
  });
  delay.reset();
});
process.channel.unref();
