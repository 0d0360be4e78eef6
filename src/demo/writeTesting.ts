import { connect } from '../atlassian/connection.js';
import { createProbes } from '../atlassian/probes.js';
import { upstreamConfig } from '../bridge.js';
import { questionsTo } from '../doctor/questions.js';
import { isClean, toLine, toSummary } from '../writeTest/evidence.js';
import { toText } from '../writeTest/plan.js';
import { prepareWriteTest } from '../writeTest/run.js';
import type { Chapter, Stage } from './chapters.js';

const EMAIL = 'write.test@example.com';
/** As on a real site, reads trail behind writes. */
const LAG = { ms: 700, reads: 0 };

/** The operator finds out what no document tells, on a site whose reads lag and which refuses to add a member again. */
export const writeTesting: Chapter = {
  title: 'What does this site really answer?',
  async play(stage) {
    const { sandbox, print } = stage;
    const before = { lag: sandbox.options.lag, duplicateAdd: sandbox.options.duplicateAdd };
    Object.assign(sandbox.options, { lag: LAG, duplicateAdd: 400 });
    const { host } = new URL(sandbox.url);
    print(`$ confluence-scim-bridge doctor --write-test --site ${host} --person ${EMAIL}\n`);
    try {
      await test(stage);
    } finally {
      Object.assign(sandbox.options, before);
      sandbox.settle();
    }
  },
};

async function test({ config, store, clock, print }: Stage): Promise<void> {
  const connection = connect({ config: upstreamConfig(config), clock });
  try {
    const writeTest = await prepareWriteTest({
      config,
      questions: questionsTo(config, connection, clock),
      probes: createProbes(connection),
      store,
      clock,
      signal: new AbortController().signal,
      email: EMAIL,
      onStep: (step) => print(`${toLine(step)}\n`),
    });
    print(`${toText(writeTest.plan)}\n`);
    const evidence = await writeTest.run();
    print(toSummary(evidence));
    if (!isClean(evidence)) throw new Error('The write test did not find what the sandbox answers.');
  } finally {
    connection.close();
  }
}
