import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../src/provisioning/call.js';
import { Failure } from '../../src/provisioning/failure.js';
import { createJobs } from '../../src/provisioning/jobs.js';
import { createHandClock, until } from '../roster/handClock.js';
import { makeCall } from '../roster/site.js';

const MAX_MS = 900_000;

function start(maxRunning = 10) {
  const clock = createHandClock();
  const lines: string[] = [];
  const at = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { clock, lines, jobs: createJobs({ clock, log, maxRunning, maxMs: MAX_MS }) };
}

function gate<T>() {
  let open: (value: T) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const passed = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { open, fail, passed };
}

const UPSTREAM = { operation: 'confluence.addMember', status: 201, durationMs: 1 };

describe('a job', () => {
  it('ends within its request like any other work, with its upstream calls in the list of the request [GR8]', async () => {
    const { clock, jobs } = start();
    const call = makeCall(clock);

    const result = await jobs.run('g1', call, (jobCall) => {
      jobCall.upstream.push(UPSTREAM);
      return Promise.resolve('done');
    });

    expect(result).toBe('done');
    expect(call.upstream).toEqual([UPSTREAM]);
    expect(clock.sleepers).toBe(0);
  });

  it('outlasts the budget of its request, which is told how much is done and when to come back [GR8]', async () => {
    const { clock, jobs, lines } = start();
    const { open, passed } = gate<string>();
    let jobDeadlineMs = 0;
    const answer = jobs.run('g1', makeCall(clock), (jobCall, progress) => {
      jobDeadlineMs = jobCall.deadlineMs;
      progress(120, 500);
      return passed;
    });
    const told = expect(answer).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: expect.any(Number),
      message: expect.stringContaining('120 of 500 members'),
    });

    await clock.advance(25_000);
    await told;
    expect(jobDeadlineMs).toBe(createHandClock().now() + MAX_MS);
    const joined = jobs.run('g1', makeCall(clock), () => Promise.reject(new Error('must not run twice')));
    open('done');
    expect(await joined).toBe('done');
    expect(lines).toEqual([]);
  });

  it('gives whoever joins only the calls made since, and runs afresh once it has ended [GR8]', async () => {
    const { clock, jobs } = start();
    const { open, passed } = gate<string>();
    let runs = 0;
    const work = async (jobCall: Call): Promise<string> => {
      runs += 1;
      jobCall.upstream.push(UPSTREAM);
      await passed;
      jobCall.upstream.push({ ...UPSTREAM, status: 204 });
      return `run ${String(runs)}`;
    };
    const [first, second] = [makeCall(clock), makeCall(clock)];
    const answers = [jobs.run('g1', first, work)];
    await until(() => runs === 1);
    answers.push(jobs.run('g1', second, work));
    open('on');

    expect(await Promise.all(answers)).toEqual(['run 1', 'run 1']);
    expect(first.upstream).toHaveLength(2);
    expect(second.upstream).toHaveLength(1);
    expect(await jobs.run('g1', makeCall(clock), work)).toBe('run 2');
  });

  it('tells the log, without personal data, how work ended that nobody waits for any more [GR8]', async () => {
    const { clock, jobs, lines } = start();
    const { fail, passed } = gate<string>();
    const answer = jobs.run('g1', makeCall(clock), () => passed).catch((error: unknown) => Failure.from(error).kind);
    await clock.advance(25_000);
    expect(await answer).toBe('unavailable');

    fail(new Failure('refused', 'Ada has no seat'));
    await until(() => lines.length > 0);

    expect(lines).toEqual([expect.stringMatching(/^warn .*"failure":"refused"/)]);
    expect(lines.join()).not.toContain('Ada');
  });

  it('is bounded in number: one more is refused with a time to come back [GR8]', async () => {
    const { clock, jobs } = start(1);
    const { open, passed } = gate<string>();
    const first = jobs.run('g1', makeCall(clock), () => passed);

    await expect(jobs.run('g2', makeCall(clock), () => Promise.resolve(''))).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: expect.any(Number),
    });
    open('done');
    expect(await first).toBe('done');
    expect(await jobs.run('g2', makeCall(clock), () => Promise.resolve('now'))).toBe('now');
  });

  it('is aborted when the bridge stops, which waits for it and takes no other [GR8]', async () => {
    const { clock, jobs } = start();
    let begun = false;
    let ended = false;
    const answer = jobs
      .run('g1', makeCall(clock), async ({ signal }) => {
        begun = true;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        ended = true;
        throw signal.reason;
      })
      .catch((error: unknown) => Failure.from(error).kind);

    await until(() => begun);

    await jobs.stop();

    expect(ended).toBe(true);
    expect(await answer).toBe('unavailable');
    await expect(jobs.run('g1', makeCall(clock), () => Promise.resolve(''))).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});
