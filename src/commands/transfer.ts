import { systemClock } from '../clock.js';
import { type Config, readConfig } from '../config.js';
import { loadEnvironment } from '../environment.js';
import { EXIT_CODES, ExitError } from '../exit.js';
import { Failure } from '../provisioning/failure.js';
import type { Records } from '../provisioning/store.js';
import { transferGroup, transferPerson } from '../provisioning/transfer.js';
import { nearestWord } from '../spelling.js';
import { readRecords } from '../store/reading.js';
import { openExistingStore } from '../store/open.js';
import { findGroupIds, findPeople } from '../why/subjects.js';
import { operatorCall } from './operator.js';

const MAX_MISTYPED_LETTERS = 2;

/** What is handed over: a person by e-mail address, userName or id, or a group by a name or id. */
export type Transferred = { readonly person: string } | { readonly group: string };

/** Makes another caller the owner of a person or group (rule SA12), beside a bridge that serves. Asks Atlassian nothing. */
export async function transfer(what: Transferred, caller: string): Promise<void> {
  const config = readConfig(loadEnvironment());
  assertWriter(caller, config);
  try {
    const id = await readRecords(config.databaseUrl, (records) => idOf(what, records));
    const store = await openExistingStore({ url: config.databaseUrl, clock: systemClock });
    try {
      const hand = 'person' in what ? transferPerson : transferGroup;
      const before = await hand(id, caller, { store, clock: systemClock }, operatorCall());
      const subject = 'person' in what ? `The user ${id}` : `The group ${id}, with its members,`;
      process.stdout.write(`${subject} belongs to ${caller} now. Before: ${before ?? 'nobody'}.\n`);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw new ExitError(error.message, EXIT_CODES.failure, { cause: error });
    throw error;
  }
}

function assertWriter(caller: string, { callers }: Config): void {
  const known = callers.find(({ name }) => name === caller);
  if (known?.isReadOnly === true) {
    throw new ExitError(
      `The caller "${caller}" only reads (:ro in SCIM_TOKENS) and can own nothing.`,
      EXIT_CODES.usage,
    );
  }
  if (known !== undefined) return;
  const names = callers.filter(({ isReadOnly }) => !isReadOnly).map(({ name }) => name);
  const meant = nearestWord(caller.toLowerCase(), names, MAX_MISTYPED_LETTERS);
  const hint = meant === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${meant}?`;
  throw new ExitError(`SCIM_TOKENS has no caller "${caller}". ${hint}`, EXIT_CODES.usage);
}

async function idOf(what: Transferred, records: Records): Promise<string> {
  const isPerson = 'person' in what;
  const ids = isPerson ? await linkedIds(what.person.trim(), records) : await keptIds(what.group.trim(), records);
  const [only] = ids;
  if (only === undefined) {
    throw new Failure(
      'notFound',
      isPerson
        ? 'No identity provider has a user with this e-mail address, userName or id. Nobody owns the person; the first that says active: true will.'
        : 'No identity provider keeps a group with this name or id. It belongs to the first that changes it.',
    );
  }
  if (ids.length > 1) {
    throw new Failure('refused', `Several have this name: ${ids.join(', ')}. Give the id of the right one instead.`);
  }
  return only;
}

async function linkedIds(key: string, records: Records): Promise<readonly string[]> {
  return (await findPeople(key, records)).flatMap(({ link }) => link?.id ?? []);
}

async function keptIds(key: string, records: Records): Promise<readonly string[]> {
  const links = await Promise.all((await findGroupIds(key, records)).map((id) => records.groups.find(id)));
  return links.flatMap((link) => (link?.isReleased === false ? link.id : []));
}
