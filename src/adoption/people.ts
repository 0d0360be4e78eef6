import { isProtected } from '../provisioning/access.js';
import type { UpstreamAccount } from '../provisioning/directory.js';
import { inBulk } from '../provisioning/members.js';
import { isUsable } from '../provisioning/people.js';
import { countSeats } from '../provisioning/seats.js';
import type { PersonLine } from './lines.js';
import { accountsWithAccess, survey } from './members.js';
import type { AdoptionParts } from './parts.js';
import { judgePerson, personLine } from './person.js';

/** People asked about at once. */
const AT_ONCE = 4;
/** First contacts that take a seat (rule US14). */
const NEED_SEAT: readonly string[] = ['givenAccess', 'created', 'invited'];

/** Counts seats along the lines, in their order, as a first contact would. */
export interface SeatLedger {
  readonly limit: number;
  readonly used: number;
  asked: number;
}

/** Those on a list, in its order, each once. */
export async function* listedPeople(
  list: readonly string[],
  seats: SeatLedger | undefined,
  visible: ReadonlyMap<string, readonly string[]>,
  parts: AdoptionParts,
): AsyncGenerator<PersonLine> {
  const accounts = new Set<string>();
  for (let start = 0; start < list.length; start += AT_ONCE) {
    const some = list.slice(start, start + AT_ONCE);
    for (const line of await Promise.all(some.map((who) => judgePerson(who, visible, parts)))) {
      yield afterOthers(line, accounts, seats);
    }
  }
}

/** What a first contact would find once those on the lines before it had theirs. */
function afterOthers(line: PersonLine, accounts: Set<string>, seats: SeatLedger | undefined): PersonLine {
  const { accountId, outcome } = line;
  if (accountId !== undefined && outcome !== 'linked') {
    if (accounts.has(accountId)) return { ...line, outcome: 'sameAccount' };
    accounts.add(accountId);
  }
  if (seats === undefined || !NEED_SEAT.includes(outcome)) return line;
  seats.asked += 1;
  return seats.used + seats.asked > seats.limit ? { ...line, outcome: 'overSeatLimit' } : line;
}

/** Everybody who has access and is nobody's user yet. */
export async function* unlinkedPeople(parts: AdoptionParts): AsyncGenerator<PersonLine> {
  const addresses = new Set<string>();
  for await (const accounts of accountsWithAccess(parts)) {
    const people = accounts.filter(({ accountType }) => accountType === 'atlassian');
    const ids = people.map(({ accountId }) => accountId);
    const linked = new Set(
      (await inBulk(ids, (some) => parts.store.people.findByAccounts(some))).map((link) => link.accountId),
    );
    for (const account of people) {
      if (!linked.has(account.accountId)) yield await judgeUnlinked(account, addresses, parts);
    }
  }
}

async function judgeUnlinked(
  account: UpstreamAccount,
  addresses: Set<string>,
  parts: AdoptionParts,
): Promise<PersonLine> {
  const { accountId } = account;
  const address = account.email?.toLowerCase();
  const line: PersonLine = { ...personLine(account.email, 'adopted'), accountId, hasAccess: true };
  if (isProtected({ accountId, addresses: [address] }, parts)) return { ...line, outcome: 'protected' };
  if (!isUsable(account)) return { ...line, outcome: 'unusable' };
  if (address === undefined) return line;
  const isRepeated = addresses.has(address) || (await parts.store.index.findByAddress(address)).length > 1;
  addresses.add(address);
  if (isRepeated) return { ...line, outcome: 'severalAccounts' };
  const waits = (await parts.store.people.findByAddress(address)).some((link) => link.accountId === undefined);
  return waits ? { ...line, outcome: 'connected' } : line;
}

/** What has to be known before the first line of a list: who shows an address, and how many seats are taken. */
export async function prepare(
  list: readonly string[],
  parts: AdoptionParts,
): Promise<{
  readonly visible: ReadonlyMap<string, readonly string[]>;
  readonly seats: SeatLedger | undefined;
}> {
  const { seatLimit: limit, store, clock, directory } = parts;
  const isCounted = (await store.index.scannedAtMs()) !== undefined;
  const needsSurvey = directory.backEnd === 'invite' || (limit !== undefined && !isCounted);
  const { visible, people } = needsSurvey
    ? await survey(list, parts)
    : { visible: new Map<string, string[]>(), people: 0 };
  const used = isCounted ? await countSeats(store, clock.now()) : people;
  return { visible, seats: limit === undefined ? undefined : { limit, used, asked: 0 } };
}
