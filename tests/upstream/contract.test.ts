import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { OPERATION_NAMES } from './acts.js';
import {
  FOLDER_VARIABLE,
  judgeByAtlassian,
  readAtlassianDocuments,
  SOURCES,
  type AtlassianDocuments,
} from './atlassian.js';
import { declaredOperations } from './client.js';
import { differences } from './compare.js';
import { DISAGREEMENTS, type Disagreement } from './disagreements.js';
import { readDocument, type ApiDocument, type ApiOperation } from './document.js';
import { badEvidence, isEvident } from './evidence.js';
import { judge, responseOf, type Verdict } from './judge.js';
import { beliefsOf, textsOfTests } from './ledger.js';
import { Place } from './place.js';
import { playScene, type Played } from './play.js';
import { playLives, playScenes } from './plays.js';
import type { Exchange } from './recorder.js';
import { BEYOND_LIMITS } from './scenes.js';
import { playUncalled } from './uncalled.js';

const FILE = new URL('../../openapi/upstream.yaml', import.meta.url);
const FOLDER = process.env[FOLDER_VARIABLE];

if (FOLDER === undefined) {
  const pages = SOURCES.map(({ page }) => page).join(', ');
  process.stderr.write(
    `SKIPPED: nothing is compared with Atlassian's own OpenAPI documents, for ${FOLDER_VARIABLE} is not set. ` +
      `It names a folder with the documents that developer.atlassian.com offers (${pages}).\n`,
  );
}

/** A call, the operation of ours that it is, and what our description says of it. */
interface Judged {
  readonly exchange: Exchange;
  readonly operation: ApiOperation;
  readonly verdict: Verdict;
}

let text: unknown;
let ours: ApiDocument;
/** What the bridge and its doctor sent in a whole life on each back end. */
let lives: readonly Judged[];
/** What the client alone sent in every scene. */
let scenes: readonly Played[];
let judged: readonly Judged[];

beforeAll(async () => {
  text = parse(await readFile(FILE, 'utf8'));
  ours = readDocument(text);
  lives = (await playLives()).map(judgeByOurs);
  scenes = await playScenes(ours);
  judged = [...lives, ...scenes.flatMap((played) => played.exchanges.map(judgeByOurs))];
}, 120_000);

/** @throws Error for a call that our description does not have */
function judgeByOurs(exchange: Exchange): Judged {
  const verdict = judge(ours, exchange, { answersAreWhole: false });
  if (verdict.operation !== undefined) return { exchange, operation: verdict.operation, verdict };
  throw new Error(`openapi/upstream.yaml does not have ${exchange.method} ${exchange.path}`);
}

function sorted(names: Iterable<string>): readonly string[] {
  return [...new Set(names)].sort();
}

/** Problems, each once and with the operation that it belongs to. */
function told(part: 'call' | 'answer', of: readonly Judged[] = judged): readonly string[] {
  return sorted(of.flatMap(({ operation, verdict }) => verdict[part].map((problem) => `${operation.id}: ${problem}`)));
}

describe('openapi/upstream.yaml', () => {
  it('has every operation of the client, under its name, and no other', () => {
    const ids = sorted(ours.operations.map(({ id }) => id));
    expect(sorted(declaredOperations().map(({ name }) => name))).toEqual(ids);
    expect([...OPERATION_NAMES].sort()).toEqual(ids);
  });

  it('has no operation that a life on the three back ends and the doctor do not call', () => {
    const called = lives.map(({ operation }) => operation.id);
    expect(sorted(called)).toEqual(sorted(ours.operations.map(({ id }) => id)));
  });

  it('names each call as the client and the sandbox name it', () => {
    const names = scenes.map(({ asked, served }) => ({ asked: [...asked].sort(), served: [...served].sort() }));
    const ids = scenes.map(({ exchanges }) => exchanges.map((one) => judgeByOurs(one).operation.id).sort());
    expect(names).toEqual(ids.map((called) => ({ asked: called, served: called })));
  });

  it('describes every call of the bridge, its doctor and its client: address, query, headers and body', () => {
    expect(told('call')).toEqual([]);
  });

  it('describes every answer of the sandbox', () => {
    expect(told('answer')).toEqual([]);
  });

  it('describes no answer that was not given in a life or a scene', () => {
    const given = sorted(judged.map(({ operation, exchange }) => `${operation.id} ${exchange.status}`));
    const missing = ours.operations.flatMap(({ id, responses }) =>
      [...responses.keys()]
        .map((status) => `${id} ${status}`)
        .filter((documented) => !given.some((one) => one.startsWith(documented.replace('XX', '')))),
    );
    expect(missing).toEqual([]);
  });

  it('is not satisfied by a call beyond the limits', async () => {
    const played = await playScene(BEYOND_LIMITS);
    const calls = played.flatMap(({ exchanges }) => exchanges.map(judgeByOurs));
    expect(told('call', calls)).toEqual([
      'confluence.listMembers: the parameter limit must be <= 200',
      'confluence.usersBulk: body /accountIds must NOT have more than 250 items',
    ]);
  });

  it('gives the kind and the source of all evidence', () => {
    expect(badEvidence(Place.root(text))).toEqual([]);
  });

  it('names for every belief tests that are there, and no belief twice', () => {
    const texts = textsOfTests();
    const beliefs = beliefsOf(ours, Place.root(text));
    const untested = beliefs.flatMap(({ about, id, test }) =>
      test.filter((title) => !texts.has(title)).map((title) => `${about}, ${id}: ${title}`),
    );
    expect(untested).toEqual([]);
    expect(sorted(beliefs.map(({ id }) => id))).toHaveLength(beliefs.length);
  });
});

// Skipped, and said aloud, only where nobody names the documents, which are Atlassian's and not part of this project.
(FOLDER === undefined ? describe.skip : describe)(`Atlassian's documents, from ${FOLDER_VARIABLE}`, () => {
  let theirs: AtlassianDocuments;
  let objections: readonly Objection[];
  beforeAll(async () => {
    theirs = await readAtlassianDocuments(FOLDER ?? '');
    objections = judged.flatMap((one) => objectionsTo(one, theirs));
  });

  function unexplained(part: Objection['part']): readonly string[] {
    const open = objections.filter((one) => one.part === part && !DISAGREEMENTS.some((known) => explains(known, one)));
    return sorted(open.map(({ id, problem }) => `${id}: ${problem}`));
  }

  it('have every operation of ours as we describe it, or our description says what speaks for it', () => {
    const found = ours.operations.map((operation): readonly [string, readonly string[]] => {
      const { id, method, path, place } = operation;
      // A path with its variables stands for itself.
      const their = theirs.of(path)?.find(method, path);
      if (their !== undefined) return [id, differences(operation, their)];
      return [id, isEvident(place) ? [] : ['is in no document']];
    });
    expect(found).toEqual(ours.operations.map(({ id }) => [id, []]));
  });

  it('take every call of the bridge, its doctor and its client', () => {
    expect(unexplained('call')).toEqual([]);
  });

  it('describe every answer of the sandbox, with no field that they do not know', () => {
    expect(unexplained('answer')).toEqual([]);
  });

  it('contradict the service where the table of disagreements says, and each line of it is needed', () => {
    const needless = DISAGREEMENTS.filter((known) => !objections.some((one) => explains(known, one)));
    expect(needless).toEqual([]);
  });

  it('describe what the sandbox answers to calls that the bridge does not send', async () => {
    const problems = (await playUncalled()).map((exchange): readonly [string, Verdict['answer'] | undefined] => [
      `${exchange.method} ${exchange.path}`,
      judgeByAtlassian(theirs, exchange)?.answer,
    ]);
    expect(problems.filter(([, answer]) => answer?.length !== 0)).toEqual([]);
  });
});

/** What a document of Atlassian holds against a call or its answer. */
interface Objection {
  readonly id: string;
  readonly part: Disagreement['part'];
  readonly problem: string;
}

/** Statuses that a document does not have are no objection where our description has evidence for them. */
function objectionsTo({ exchange, operation }: Judged, theirs: AtlassianDocuments): readonly Objection[] {
  const verdict = judgeByAtlassian(theirs, exchange);
  if (verdict === undefined) return [];
  const response = responseOf(operation, exchange.status);
  const isEvidentStatus = response !== undefined && isEvident(response);
  const answer = verdict.answer.filter(
    (problem) => !(isEvidentStatus && problem === `${exchange.status} is not documented`),
  );
  const { id } = operation;
  return [
    ...verdict.call.map((problem): Objection => ({ id, part: 'call', problem })),
    ...answer.map((problem): Objection => ({ id, part: 'answer', problem })),
  ];
}

function explains(known: Disagreement, { id, part, problem }: Objection): boolean {
  return known.part === part && known.operations.test(id) && known.problem.test(problem);
}
