#!/usr/bin/env node
import { runCommandLine } from './cli.js';
import { describeCrash, onCrash } from './crash.js';
import { EXIT_CODES } from './exit.js';
import { holdHangups } from './shutdown.js';

onCrash((error) => process.stderr.write(describeCrash(error)));

// Whoever reads the output may stop before its end, as `head` does; or the terminal is gone.
let endUnread = (): void => process.exit();
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  endUnread();
});

/** A service without a reader of its log answers what is under way, and is for its supervisor to start again. */
function stopUnread(): void {
  endUnread = () => undefined;
  process.once('exit', () => (process.exitCode = EXIT_CODES.tryAgain));
  process.kill(process.pid, 'SIGTERM');
}

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  {
    serve: async () => {
      // Before the bridge is loaded, which takes a moment.
      const hangups = holdHangups();
      endUnread = stopUnread;
      return (await import('./commands/serve.js')).serve(hangups);
    },
    demo: async (options) => (await import('./commands/demo.js')).demo(options),
    sandbox: async () => (await import('./commands/sandbox.js')).sandbox(),
    doctor: async (options) => (await import('./commands/doctor.js')).doctor(options),
    brake: async (action, options) => (await import('./commands/brake.js')).brake(action, options),
    deactivate: async (who) => (await import('./commands/deactivate.js')).deactivate(who),
    writeTest: async (options) => (await import('./commands/writeTest.js')).writeTest(options),
    transfer: async (what, caller) => (await import('./commands/transfer.js')).transfer(what, caller),
    adopt: async (file, options) => (await import('./commands/adopt.js')).adopt(file, options),
    link: async (email, account, options) => (await import('./commands/link.js')).link(email, account, options),
    plan: async (options) => (await import('./commands/plan.js')).plan(options),
    applyPlanned: async (options) => (await import('./commands/plan.js')).applyPlanned(options),
    why: async (question, options) => (await import('./commands/why.js')).why(question, options),
    drift: async (options) => (await import('./commands/drift.js')).drift(options),
    auditExport: async (sinceIso, format) => (await import('./commands/auditExport.js')).auditExport(sinceIso, format),
  },
  { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) },
);
