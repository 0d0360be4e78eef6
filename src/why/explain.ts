import { printable } from '../terminal.js';
import { type Answer, type Asking, findGroupUpstream, findUpstream, told } from './confluence.js';
import { explainGroup } from './group.js';
import { groupJson, personJson } from './json.js';
import { explainPerson } from './person.js';
import { findGroupIds, findPeople, type PersonSubject } from './subjects.js';
import { groupText, personText } from './text.js';

/** What is asked about: an e-mail address, userName, SCIM id or account id; or a group's id or one of its names. */
export type Question = { readonly person: string } | { readonly group: string };

export interface Explanation {
  readonly kind: 'explained' | 'none' | 'several';
  /** Atlassian was asked; else the text rests on the record alone. */
  readonly isComplete: boolean;
  /** Ends with a line feed. */
  readonly text: string;
}

/** @param asJson applies to what is explained; that nobody or several were found is told in words */
export async function explain(question: Question, asking: Asking, asJson: boolean): Promise<Explanation> {
  return 'person' in question
    ? explainOnePerson(question.person.trim(), asking, asJson)
    : explainOneGroup(question.group.trim(), asking, asJson);
}

async function explainOnePerson(key: string, asking: Asking, asJson: boolean): Promise<Explanation> {
  const found = await orUpstream(await findPeople(key, asking.records), () => findUpstream(key, asking));
  if (!found.isTold) return nobody('No person is recorded under this', key, found.reason);
  const [subject, ...others] = found.value;
  if (subject === undefined) return nobody('Neither the records nor Atlassian have a person under this', key);
  if (others.length > 0) {
    return several(
      found.value.map((one) => `${one.id}  ${one.link?.userName ?? 'no record'}${deletedAt(one)}`),
      'why ID',
    );
  }
  const report = await explainPerson(subject, asking);
  const text = asJson ? personJson(report) : personText(report);
  return { kind: 'explained', isComplete: report.now.isTold, text };
}

async function explainOneGroup(key: string, asking: Asking, asJson: boolean): Promise<Explanation> {
  const found = await orUpstream(await findGroupIds(key, asking.records), () => findGroupUpstream(key, asking));
  if (!found.isTold) return nobody('No group is recorded under this', key, found.reason);
  const [id, ...others] = found.value;
  if (id === undefined) return nobody('Neither the records nor Confluence have a group under this', key);
  if (others.length > 0) {
    const lines = await Promise.all(found.value.map((one) => groupLine(one, asking)));
    return several(lines, 'why --group ID');
  }
  const report = await explainGroup(id, asking);
  const text = asJson ? groupJson(report) : groupText(report);
  return { kind: 'explained', isComplete: report.now.isTold, text };
}

/** What the records do not know, Atlassian may. */
async function orUpstream<T>(recorded: readonly T[], ask: () => Promise<readonly T[]>): Promise<Answer<readonly T[]>> {
  return recorded.length > 0 ? { isTold: true, value: recorded } : told(ask);
}

async function groupLine(id: string, { records }: Asking): Promise<string> {
  const link = await records.groups.find(id);
  const name = (await records.index.group(id))?.name ?? link?.confluenceName ?? '';
  const recorded = link === undefined ? 'no record' : `recorded as "${link.displayName}"`;
  return `${id}  "${name}" in Confluence, ${recorded}${link?.isReleased === true ? ', released' : ''}`;
}

function deletedAt({ tombstone }: PersonSubject): string {
  return tombstone === undefined ? '' : `, deleted at ${tombstone.deletedAt}`;
}

function nobody(sentence: string, key: string, reason?: string): Explanation {
  const said = `${sentence}: ${printable(key)}.`;
  const advice =
    reason === undefined
      ? 'Check the spelling, or give the id. A creation that was refused has no id yet: audit export shows it with the subject "new".'
      : `Confluence could not be asked: ${printable(reason)}`;
  return { kind: 'none', isComplete: reason === undefined, text: `${said} ${advice}\n` };
}

function several(lines: readonly string[], command: string): Explanation {
  const head = `This may mean ${String(lines.length)}; ask again with an id (${command}):`;
  return {
    kind: 'several',
    isComplete: true,
    text: `${[head, ...lines.map((line) => `  ${printable(line)}`)].join('\n')}\n`,
  };
}
