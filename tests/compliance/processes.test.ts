import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { inTemporaryFolder, Processes } from '../../scripts/compliance/processes.js';

const here = { env: process.env, cwd: process.cwd() };
const WAITING = ['-e', 'setInterval(() => {}, 1000); console.log("up")'];

async function untilUp(out: () => string): Promise<void> {
  while (!out().includes('up')) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('Processes', () => {
  it('runs a command to its end, with its input, words and exit code', async () => {
    const script = 'process.stdin.on("data", (text) => { console.log(`got ${text}`); process.exitCode = 3; })';

    const finished = await new Processes().run(process.execPath, ['-e', script], {
      ...here,
      input: 'this',
      timeoutMs: 20_000,
    });

    expect(finished).toEqual({ code: 3, out: 'got this\n', err: '' });
  });

  it('leaves none behind when it is closed, and starts none afterwards', async () => {
    const processes = new Processes();
    const started = processes.start(process.execPath, WAITING, here);
    await untilUp(started.out);

    processes.close();

    expect(await started.ended).toBe(-1);
    expect(started.child.signalCode).toBe('SIGKILL');
    expect(() => processes.start(process.execPath, WAITING, here)).toThrow('interrupted');
  });

  it('stops one by asking, and by force when that does not help', async () => {
    const processes = new Processes();
    const polite = processes.start(process.execPath, WAITING, here);
    const stubborn = processes.start(
      process.execPath,
      ['-e', `process.on("SIGTERM", () => {}); ${WAITING[1] ?? ''}`],
      here,
    );
    await Promise.all([untilUp(polite.out), untilUp(stubborn.out)]);

    await Promise.all([processes.stop(polite), processes.stop(stubborn)]);

    expect([polite.child.signalCode, stubborn.child.signalCode]).toEqual(['SIGTERM', 'SIGKILL']);
  });

  it('does not wait longer than it is told', async () => {
    const run = new Processes().run(process.execPath, WAITING, { ...here, timeoutMs: 300 });

    await expect(run).rejects.toThrow('not done after 0 s');
  });

  it('says that a command is not there', async () => {
    const run = new Processes().run('no-such-command-anywhere', [], { ...here, timeoutMs: 5_000 });

    await expect(run).rejects.toThrow('ENOENT');
  });
});

describe('inTemporaryFolder', () => {
  it('removes its folder, also after a failure', async () => {
    let used = '';
    const work = inTemporaryFolder((folder) => {
      used = folder;
      expect(existsSync(folder)).toBe(true);
      return Promise.reject(new Error('broken'));
    });

    await expect(work).rejects.toThrow('broken');
    expect(existsSync(used)).toBe(false);
  });
});
