import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import Database from 'libsql';
import type { Store } from '../../src/provisioning/store.js';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { GROUP_URN, idOf, user } from '../scim/exchanges.js';
import { createTestClock, OKTA_TOKEN, startTestBridge, type TestBridge } from '../support/bridge.js';
import { type HostileRequest, hostileRequests } from './hostileMessages.js';

/** Requests of each kind. More by hand: `HOSTILE_RUNS=5000`, each time with another `HOSTILE_SEED`. */
const RUNS = Number(process.env['HOSTILE_RUNS'] ?? 60);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20_261_126);

/** An attempt is kept in the audit whether it succeeded or not (rule SA10); waits and locks are no content. */
const NO_CONTENT = /audit|lock|^sqlite_/;

let folder: string;
let store: Store;
let bridge: TestBridge;
let database: Database.Database;
let requests: ReturnType<typeof hostileRequests>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  const clock = createTestClock();
  const file = join(folder, 'bridge.db');
  store = await openSqliteStore({ url: `file:${file}`, clock });
  bridge = await startTestBridge({
    store,
    clock,
    isShared: true,
    settings: { ACCESS_LOSS_LIMIT: 'off', GROUP_REMOVAL_LIMIT: 'off', INDEX_MAX_AGE_SECONDS: '3600' },
  });
  database = new Database(file, { readonly: true });
  const person = idOf(await bridge.scim('post', '/Users', user('ada')));
  const group = idOf(
    await bridge.scim('post', '/Groups', {
      schemas: [GROUP_URN],
      displayName: 'crew',
      members: [{ value: person }],
    }),
  );
  requests = hostileRequests({ person, group });
});

afterAll(async () => {
  database.close();
  await bridge.close();
  await store.close();
  await rm(folder, { recursive: true });
});

/** Everything that is kept, as text. */
function content(): string {
  const tables = database.prepare("select name from sqlite_master where type = 'table' order by name").all();
  return (tables as { name: string }[])
    .filter(({ name }) => !NO_CONTENT.test(name))
    .map(({ name }) => `${name} ${JSON.stringify(database.prepare(`select * from "${name}"`).all())}`)
    .join('\n');
}

/** The status of the first answer on a connection of its own; 0 when the connection ended without one. */
async function statusOf({ method, target, headers, body }: HostileRequest): Promise<number> {
  const socket = connect(Number(new URL(bridge.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  const lines = [
    `${method} /scim/v2${target} HTTP/1.1`,
    'Host: scim.example.com',
    `Authorization: Bearer ${OKTA_TOKEN}`,
    'Connection: close',
    ...(body.length === 0 ? [] : ['Content-Type: application/scim+json']),
    `Content-Length: ${body.length}`,
    ...headers,
  ];
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
  await once(socket, 'close');
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
}

const inherited = JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort());

async function attack(request: HostileRequest): Promise<void> {
  const before = content();
  bridge.sandbox.takeCalls();

  const status = await statusOf(request);

  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort())).toBe(inherited);
  expect(status).toBeGreaterThanOrEqual(200);
  if (status >= 500) expect(status).toBe(501);
  if (status < 400) return;
  expect(bridge.sandbox.calls.filter(({ isWrite }) => isWrite)).toEqual([]);
  expect(content()).toBe(before);
}

describe(`any request (seed ${SEED}, ${RUNS} of each kind) is answered, and one that is refused has changed nothing`, () => {
  it.each([
    'bodies of a User',
    'bodies of a Group',
    'PATCH messages',
    'search requests',
    'bodies of any shape',
    'ids and addresses',
    'queries and filters',
    'headers',
  ] as const)(
    '%s [SA18]',
    async (kind) => {
      await fc.assert(fc.asyncProperty<[HostileRequest]>(requests[kind], attack), { seed: SEED, numRuns: RUNS });
    },
    60_000 + RUNS * 200,
  );
});
