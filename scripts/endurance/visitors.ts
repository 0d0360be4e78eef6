import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, CALLERS, type Client, type Message } from './client.js';
import { deleteUser, findUser, setActive } from './messages.js';
import { expectStatus, type Model } from './model.js';
import type { Random } from './random.js';

interface Visit {
  readonly what: string;
  readonly message: (caller: Caller, random: Random) => Message;
  readonly status: number;
}

const get =
  (path: string) =>
  (caller: Caller): Message => ({ caller, method: 'GET', path });
const filter = (resources: string, text: string): ((caller: Caller) => Message) =>
  get(`/${resources}?filter=${encodeURIComponent(text)}`);
const post =
  (path: string, body: object) =>
  (caller: Caller): Message => ({ caller, method: 'POST', path, body });

/** What changes nothing: reads that are answered, and messages that are refused. */
const VISITS: readonly Visit[] = [
  { what: 'a page of users', message: (caller, random) => page(caller, random.below(20)), status: 200 },
  {
    what: 'a user by name',
    message: (caller, random) => findUser(caller, `old${random.below(6)}@example.com`),
    status: 200,
  },
  { what: 'users by a beginning', message: filter('Users', 'userName sw "new"'), status: 200 },
  { what: 'users by two terms', message: filter('Users', 'active eq true and userName co "old"'), status: 200 },
  { what: 'groups without members', message: get('/Groups?excludedAttributes=members'), status: 200 },
  { what: 'groups', message: get('/Groups'), status: 200 },
  { what: 'a group by name', message: filter('Groups', 'displayName eq "shared0"'), status: 200 },
  { what: 'ServiceProviderConfig', message: get('/ServiceProviderConfig'), status: 200 },
  { what: 'Schemas', message: get('/Schemas'), status: 501 },
  { what: 'Bulk', message: post('/Bulk', { Operations: [] }), status: 501 },
  { what: 'a filter that is none', message: filter('Users', 'userName eq'), status: 400 },
  { what: 'a user without a name', message: post('/Users', { schemas: [] }), status: 400 },
  { what: 'a change of nobody', message: (caller) => setActive(caller, 'nobody', false), status: 404 },
  { what: 'the deletion of nobody', message: (caller) => deleteUser(caller, 'nobody'), status: 404 },
];

function page(caller: Caller, startIndex: number): Message {
  return { caller, method: 'GET', path: `/Users?startIndex=${startIndex + 1}&count=5` };
}

/** Asks for something that changes nothing. @throws Violation */
export async function visit(model: Model, client: Client, random: Random): Promise<void> {
  const { what, message, status } = random.pick(VISITS);
  const reply = await client.insist(message(random.pick(CALLERS), random));
  expectStatus(model, 'a visitor', what, reply, status);
}

/** Clients with a bad line, or none of SCIM's manners. What they are answered nobody asks; none may cost the bridge anything. */
type Nuisance = (socket: Socket, authorization: string, random: Random) => Promise<void>;

const NUISANCES: readonly Nuisance[] = [
  // A header that comes letter by letter.
  async (socket, authorization, random) => {
    for (const letter of `GET /scim/v2/Users HTTP/1.1\r\nHost: bridge\r\n${authorization}\r\n`) {
      if (!socket.writable) return;
      socket.write(letter);
      await sleep(random.below(40));
    }
  },
  // A body that never comes whole.
  async (socket, authorization, random) => {
    socket.write(
      `POST /scim/v2/Users HTTP/1.1\r\nHost: bridge\r\n${authorization}Content-Length: 1000\r\n\r\n{"userName":`,
    );
    await sleep(random.below(2_000));
  },
  // An answer that nobody waits for.
  async (socket, authorization, random) => {
    socket.write(`GET /scim/v2/Groups HTTP/1.1\r\nHost: bridge\r\n${authorization}\r\n`);
    await sleep(random.below(30));
  },
  // An answer that is not read.
  async (socket, authorization, random) => {
    socket.pause();
    socket.write(`GET /scim/v2/Users?count=200 HTTP/1.1\r\nHost: bridge\r\n${authorization}\r\n`);
    await sleep(random.below(2_000));
  },
  // Nothing that HTTP knows.
  async (socket, _authorization, random) => {
    socket.write(`${'\u0000'.repeat(random.below(200))}\r\n\r\n`);
    await sleep(random.below(500));
  },
];

/** Comes, is a nuisance, and hangs up. */
export async function bother(port: number, token: string, random: Random): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  try {
    await random.pick(NUISANCES)(
      socket,
      `Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`,
      random,
    );
  } finally {
    socket.destroy();
  }
}
