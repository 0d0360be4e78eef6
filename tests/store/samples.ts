import type { AuditLine } from '../../src/provisioning/auditRecords.js';
import type { Call, Clock } from '../../src/provisioning/call.js';
import type { IndexedGroup } from '../../src/provisioning/indexRecords.js';
import type { GroupLink, NewPersonLink, Store } from '../../src/provisioning/store.js';

/** Opens a store for one test; the suite closes it. Called again, it opens the same data where the store can share it. */
export type OpenStore = (clock?: Clock) => Promise<Store>;

export const START_MS = Date.UTC(2026, 2, 11, 9, 0, 0);

/** ISO time, so many milliseconds after the start. */
export function at(afterMs = 0): string {
  return new Date(START_MS + afterMs).toISOString();
}

/** A clock that stands still until it is told; sleepers wake in order of their time. */
export class ManualClock implements Clock {
  #nowMs = START_MS;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ untilMs: this.#nowMs + ms, wake: resolve });
      signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  }

  /** Lets time pass and whatever was waiting for it run. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.#nowMs);
    for (const { wake } of due) wake();
    await settled();
  }
}

/** Everything that can go on without time passing has gone on. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A call that waits for a lock until then. */
export function aCall(deadlineMs: number, signal = new AbortController().signal): Call {
  return { requestId: 'test', caller: 'okta', kind: 'request', deadlineMs, signal, upstream: [] };
}

export function aLine(): AuditLine {
  return {
    at: at(),
    caller: 'okta',
    requestId: 'r',
    event: 'user.provisioned',
    subject: 'ada',
    object: undefined,
    decision: 'US4',
    result: 'done',
    upstream: [],
    note: undefined,
  };
}

export function aPerson(id: string, changes: Partial<NewPersonLink> = {}): NewPersonLink {
  return {
    id,
    accountId: id,
    userName: `${id}@example.com`,
    profile: {},
    wanted: 'active',
    suspended: false,
    address: `${id}@example.com`,
    invitedAt: undefined,
    origin: 'created',
    caller: 'okta',
    owner: 'okta',
    createdAt: at(),
    wantedAt: at(),
    ...changes,
  };
}

export function aGroup(id: string, changes: Partial<GroupLink> = {}): Omit<GroupLink, 'modifiedAt'> {
  return {
    id,
    displayName: `Team ${id}`,
    confluenceName: `Team ${id}`,
    origin: 'created',
    caller: 'okta',
    owner: 'okta',
    isReleased: false,
    memberCount: undefined,
    createdAt: at(),
    ...changes,
  };
}

export function anIndexedGroup(
  id: string,
  changes: Partial<Omit<IndexedGroup, 'firstSeenAt'>> = {},
): Omit<IndexedGroup, 'firstSeenAt'> {
  return {
    id,
    name: `Confluence ${id}`,
    usageType: 'USERBASE_GROUP',
    managedBy: 'ADMINS',
    accessTypes: [],
    ...changes,
  };
}

/** What a scan finds: granting group ids with the account ids in them; `app-…` are apps. */
export type Site = Readonly<Record<string, readonly string[]>>;

export interface ScanChoices {
  readonly groups?: readonly Omit<IndexedGroup, 'firstSeenAt'>[];
  readonly scannedAtMs?: number;
  readonly ownWritesSinceMs?: number;
}

/** One whole scan that finds `site`, every address visible. */
export async function scan(store: Store, site: Site, choices: ScanChoices = {}): Promise<void> {
  const { groups = [], scannedAtMs = START_MS, ownWritesSinceMs = START_MS } = choices;
  const generation = await store.index.beginScan();
  for (const [groupId, accountIds] of Object.entries(site)) {
    await generation.addMembers(
      groupId,
      accountIds.map((accountId) => ({
        accountId,
        kind: accountId.startsWith('app-') ? ('other' as const) : ('atlassian' as const),
        email: `${accountId}@example.com`,
      })),
    );
  }
  const granting = Object.keys(site).map((id) => anIndexedGroup(id, { accessTypes: ['user'] }));
  await generation.commit({ groups: [...granting, ...groups], scannedAtMs, ownWritesSinceMs });
}

/** The ids of the whole list of people, in order. */
export async function peopleIds(store: Store): Promise<readonly string[]> {
  return (await store.index.listPeople('okta', { offset: 0, limit: 1_000 })).map(({ id }) => id);
}

export async function groupIds(store: Store): Promise<readonly string[]> {
  return (await store.index.listGroups('okta', { offset: 0, limit: 1_000 })).map(({ id }) => id);
}
