import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, CALLERS, type Client } from './client.js';
import { createShared, moveGroup } from './groups.js';
import { type ChangingGroup, History, type Model, type Person } from './model.js';
import { adopt, movePerson } from './people.js';
import type { Random } from './random.js';
import type { Site } from './site.js';

const OLD_HANDS = 6;
const NEWCOMERS = 15;
const BYSTANDERS = 8;
const SHARED_GROUPS = 4;
/** Each moves some people, one message after the other. */
const LANES = 7;

/** Some people belong to one caller, some to the other, and for some both write. */
const CALLERS_OF: readonly (readonly Caller[])[] = [['okta'], ['entra'], CALLERS];

/** Puts people and groups on the site, and says what of them the bridge is to acknowledge. */
export function populate(site: Site): Model {
  const { sandbox } = site;
  const withAccess = (name: string): string =>
    sandbox.addPerson({ email: addressOf(name), displayName: name, access: true }).accountId;
  const people = [
    ...names('old', OLD_HANDS).map((name, n) => {
      sandbox.addMember(site.secondGroupId, withAccess(name));
      return newPerson(name, n, true);
    }),
    ...names('new', NEWCOMERS).map((name, n) => newPerson(name, n, false)),
  ];
  return {
    people,
    shared: names('shared', SHARED_GROUPS).map((displayName) => ({ displayName, id: '' })),
    changing: CALLERS.flatMap((owner) => names(`changing-${owner}-`, 1).map((slot) => changingGroup(slot, owner))),
    bystanders: names('bystander', BYSTANDERS).map(withAccess),
    lostAccess: new Set(),
    acknowledged: [],
    history: new History(),
  };
}

export function addressOf(name: string): string {
  return `${name}@example.com`;
}

export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}

function newPerson(name: string, n: number, hasBothGroups: boolean): Person {
  return {
    name,
    email: addressOf(name),
    callers: CALLERS_OF[n % CALLERS_OF.length] ?? CALLERS,
    status: 'absent',
    id: undefined,
    owner: undefined,
    externalIds: new Map(),
    title: '',
    hasBothGroups,
    memberships: new Map(),
    isInDoubt: false,
    creations: { count: 0, doubtful: 0, unansweredReturns: 0 },
  };
}

function changingGroup(slot: string, owner: Caller): ChangingGroup {
  return { slot, generation: 0, owner, id: undefined, displayName: slot, members: new Map(), isInDoubt: false };
}

export interface TrafficParts {
  readonly model: Model;
  readonly site: Site;
  readonly random: Random;
  readonly clientFor: (name: string) => Client;
}

/** What every run begins with: the shared groups are there, and the people who had access before are known. */
export async function prepare(parts: TrafficParts): Promise<void> {
  const { model, site, random } = parts;
  const shared = model.shared.map((group, n) => createShared(group, CALLERS[n % 2] ?? 'okta', { ...parts, random }));
  const old = model.people.filter(({ hasBothGroups }) => hasBothGroups);
  await Promise.all([...shared, ...old.map((person) => adopt(person, { ...parts, ...acceptingAt(site) }))]);
}

/** Two identity providers at work, until they are stopped. */
export interface Traffic {
  /** Never resolves; rejects with the first violation. */
  readonly failed: Promise<never>;
  /** Lets everybody finish what is under way, and insist until it is answered. */
  stop(): Promise<void>;
}

/** @param pauseMs between the messages of one lane, at most */
export function startTraffic(parts: TrafficParts, pauseMs: number): Traffic {
  const { model, site } = parts;
  let isStopped = false;
  const lane = async (random: Random, move: (random: Random) => Promise<void>): Promise<void> => {
    while (!isStopped) {
      await move(random);
      await sleep(random.next() * pauseMs);
    }
  };
  const lanes = Array.from({ length: LANES }, (_, n) => {
    const own = model.people.filter((_person, m) => m % LANES === n);
    return lane(parts.random.fork(), (random) =>
      movePerson(random.pick(own), { ...parts, random, ...acceptingAt(site) }),
    );
  });
  const groups = model.changing.map((group) =>
    lane(parts.random.fork(), (random) => moveGroup(group, { ...parts, random })),
  );
  const all = Promise.all([...lanes, ...groups]);
  const failed = new Promise<never>((_resolve, reject) => void all.catch(reject));
  // Whoever stops it hears of it, too.
  failed.catch(() => undefined);
  return {
    failed,
    async stop() {
      isStopped = true;
      await all;
    },
  };
}

function acceptingAt(site: Site): { readonly acceptInvitation: (email: string) => void } {
  return { acceptInvitation: (email) => site.acceptInvitation(email) };
}
