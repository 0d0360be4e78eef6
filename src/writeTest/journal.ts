import type { Clock } from '../provisioning/call.js';
import type { Intent, Store } from '../provisioning/store.js';

const PREFIX = 'scim-bridge-write-test-';
const GROUP = 'writeTest';
const PERSON = 'writeTestPerson';

/** A group or person of a write test: `name` is that of the group, or the person's address. */
export interface Entry {
  readonly kind: typeof GROUP | typeof PERSON;
  readonly name: string;
  /** Group id or account id, once Atlassian named it. */
  readonly id: string | undefined;
  /** ISO time. */
  readonly startedAt: string;
}

/**
 * What write tests made and have not yet taken away. It is in the store before the call that makes it, so that it
 * outlives the process; only what stands here is ever removed as a leftover.
 */
export interface Journal {
  begin(kind: Entry['kind'], name: string): Promise<Entry>;
  /** Atlassian named its id. */
  named(entry: Entry, id: string): Promise<Entry>;
  /** It is gone, or never was. */
  end(entry: Entry): Promise<void>;
  list(): Promise<readonly Entry[]>;
}

export function createJournal(store: Pick<Store, 'intents' | 'transaction'>, clock: Clock): Journal {
  const begun = ({ startedAt, ...entry }: Entry): Omit<Intent, 'attempts'> => ({
    kind: entry.kind,
    key: keyOf(entry),
    caller: 'operator',
    startedAt,
  });
  return {
    async begin(kind, name) {
      const entry = { kind, name, id: undefined, startedAt: new Date(clock.now()).toISOString() };
      await store.intents.begin(begun(entry));
      return entry;
    },
    async named(entry, id) {
      const named = { ...entry, id };
      await store.transaction(async ({ intents }) => {
        await intents.begin(begun(named));
        await intents.end(entry.kind, keyOf(entry));
      });
      return named;
    },
    end: (entry) => store.intents.end(entry.kind, keyOf(entry)),
    list: async () => [...(await entries(store, GROUP)), ...(await entries(store, PERSON))],
  };
}

/** A name that tells everybody what the group is, and that nobody else has. @param random of letters and digits */
export function nameOfTestGroup(clock: Clock, random: string): string {
  return `${PREFIX}${new Date(clock.now()).toISOString().slice(0, 10)}-${random}`;
}

/** Neither the names of such groups nor addresses that Atlassian accepts have spaces. */
function keyOf({ name, id }: Pick<Entry, 'name' | 'id'>): string {
  return id === undefined ? name : `${name} ${id}`;
}

async function entries({ intents }: Pick<Store, 'intents'>, kind: Entry['kind']): Promise<readonly Entry[]> {
  const found = await intents.list(kind);
  return found.map(({ key, startedAt }) => {
    const [name = '', id] = key.split(' ');
    return { kind, name, id, startedAt };
  });
}
