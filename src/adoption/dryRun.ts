import { groupsBefore } from './groups.js';
import type { AdoptionLine, GroupLine, PersonLine } from './lines.js';
import type { AdoptionParts } from './parts.js';
import { listedPeople, prepare, type SeatLedger, unlinkedPeople } from './people.js';

/**
 * What the first contact with people and groups that were there before would do (rule ID7), a line at a time; the last
 * line is the summary. Reads only.
 *
 * @param list addresses and ids; undefined for everybody who has access and is not linked
 * @throws Failure when something could not be read: what was told so far holds, the rest is not known
 */
export async function* dryRun(list: readonly string[] | undefined, parts: AdoptionParts): AsyncGenerator<AdoptionLine> {
  const people = new Map<string, number>();
  const groups = new Map<string, number>();
  const count = (counts: Map<string, number>, { outcome }: GroupLine | PersonLine): void =>
    void counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  for await (const line of groupsBefore(parts)) {
    count(groups, line);
    yield line;
  }
  let seats: SeatLedger | undefined;
  let lines = unlinkedPeople(parts);
  if (list !== undefined) {
    const prepared = await prepare(list, parts);
    seats = prepared.seats;
    lines = listedPeople(list, seats, prepared.visible, parts);
  }
  for await (const line of lines) {
    count(people, line);
    yield line;
  }
  yield { kind: 'summary', people: Object.fromEntries(people), groups: Object.fromEntries(groups), seats };
}
