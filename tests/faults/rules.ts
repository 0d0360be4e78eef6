import { Cast } from './cast.js';
import { REFUSED, type UpstreamFault, UPSTREAM_WORDS } from './faults.js';
import { allows, isSideBySide } from './exemptions.js';
import type { Play, UpstreamMessage } from './play.js';
import type { Scenario, SiteName } from './scenario.js';

/** One fault of one upstream message of one scenario. */
export interface Cell {
  readonly scenario: Scenario;
  readonly site: SiteName;
  readonly message: UpstreamMessage;
  readonly fault: UpstreamFault;
}

/** What must hold after a request that met a fault. @returns what does not, in words */
export function judge(cell: Cell, faultless: Play, faulted: Play, secrets: readonly string[]): string[] {
  return [
    ...judgeStrike(cell, faulted),
    ...judgeAnswer(cell, faultless, faulted),
    ...judgeUpstream(faultless, faulted),
    ...judgeMemory(faulted),
    ...judgeAudit(faulted),
    ...secrets
      .filter((secret) => faulted.answer.text.includes(secret) || faulted.log.includes(secret))
      .map((secret) => `tells ${secret === UPSTREAM_WORDS ? 'what Atlassian said' : 'a secret'} [SA7]`),
  ];
}

/** The fault met every attempt at its message and nothing else; of a site that is down, the operation was asked for. */
function judgeStrike(cell: Cell, { arrivals, unanswered }: Play): string[] {
  const { message, fault } = cell;
  const meant = arrivals.filter(({ text }) => text === message.text);
  if (fault.name === REFUSED) {
    const isRefused = isSideBySide(cell) ? unanswered.length > 0 : unanswered.includes(message.operation);
    return isRefused ? [] : [`is not refused: ${message.text}`];
  }
  return [
    ...(meant.length > 0 && meant.every(({ isStruck }) => isStruck) ? [] : [`does not strike ${message.text}`]),
    ...arrivals
      .filter(({ isStruck, text }) => isStruck && text !== message.text)
      .map(({ text }) => `strikes ${text}, which it is not meant for`),
  ];
}

function judgeAnswer(cell: Cell, faultless: Play, faulted: Play): string[] {
  const { answer, body } = faulted;
  const said = `${answer.status} ${body}`;
  // A scan promises nothing of what follows it; the next one takes that up again.
  if (cell.scenario.operation === 'scan' && answer.status < 300) return [];
  if (answer.status < 300) {
    // Whatever a rule allows, nobody is said to have lost or got access who has not.
    const isAccessRight = same(new Set(Cast.accessOf(faulted.after)), new Set(Cast.accessOf(faultless.after)));
    if (isAccessRight && allows(cell, faulted)) return [];
    return [
      ...(answer.status === faultless.answer.status && body === faultless.body ? [] : [`answers ${said} [SA2]`]),
      ...(same(faulted.after, faultless.after) ? [] : [`answers ${answer.status} without the effect [SA3]`]),
      ...(same(faulted.record, faultless.record)
        ? []
        : [`answers ${answer.status} and records ${[...faulted.record].join('; ')} [SA3]`]),
    ];
  }
  if ((answer.status === 429 || answer.status === 503) && !((answer.retryAfterSeconds ?? 0) > 0)) {
    return [`answers ${answer.status} without Retry-After [SA4]`];
  }
  if (isExpected(cell.fault, answer.status, body) || allows(cell, faulted)) return [];
  return [`answers ${said}`];
}

function isExpected({ meaning }: UpstreamFault, status: number, body: string): boolean {
  // HEAD is answered without a body.
  const says = (words: RegExp): boolean => body === '' || words.test(body);
  switch (meaning) {
    case 'outage':
      return status === 503;
    case 'garbled':
      return status === 503 || (status === 500 && says(/in a way the bridge does not know/));
    case 'credential':
      return status === 500 && says(/operator/i);
    case 'later':
      return status === 429 || status === 503;
    // Nobody documents it of most operations, and of some it means that a right is missing.
    case 'absent':
    case 'conflict':
      return status === 503 || (status === 500 && says(/operator|in a way the bridge does not know/i));
  }
}

/** Confluence is as it was or as it was to be, or on the way between the two; never anything else. */
function judgeUpstream(faultless: Play, { after }: Play): string[] {
  const strange = [...after].filter((fact) => !faultless.before.has(fact) && !faultless.after.has(fact));
  const lost = [...faultless.before].filter((fact) => faultless.after.has(fact) && !after.has(fact));
  return [
    ...strange.map((fact) => `leaves "${fact}", which nobody asked for`),
    ...lost.map((fact) => `takes "${fact}", which was to stay`),
  ];
}

/** A group that was taken and gave access is remembered for as long as the person is on record (rules US7, US8). */
function judgeMemory({ before, after, record }: Play): string[] {
  return Cast.accessOf(before)
    .filter((fact) => !after.has(fact))
    .flatMap((fact) => {
      const [part = '', group = ''] = fact.split(' in ');
      const isRecorded = [...record].some((line) => line.startsWith(`${part} wanted inactive`));
      const isHeld = ['remembered', 'owed', 'suspended'].some((kind) => record.has(`${part} ${kind} ${group}`));
      return isRecorded && !isHeld ? [`forgets that ${part} was in ${group} [US7]`] : [];
    });
}

/** No line of the audit tells of a change that did not happen (rule SA10). */
function judgeAudit({ audit, after, parts }: Play): string[] {
  return audit.flatMap(({ event, subject, object = '', result }) => {
    const [part = subject, group = object] = [parts.get(subject), parts.get(object)];
    const hasAccess = Cast.accessOf(after).some((fact) => fact.startsWith(`${part} in `));
    const isTrue = {
      'group.memberAdded': after.has(`${part} in ${group}`),
      'group.memberRemoved': !after.has(`${part} in ${group}`),
      'user.provisioned': hasAccess,
      'user.reactivated': hasAccess && !after.has(`${part} suspended`),
      'user.deactivated': !hasAccess || after.has(`${part} suspended`),
      'user.deprovisioned': !hasAccess || after.has(`${part} suspended`),
      'group.created': after.has(`group ${part} exists`),
      'group.removed': !after.has(`group ${part} exists`),
    }[event];
    return result === 'done' && isTrue === false ? [`audits ${event} of ${part} ${group} as done [SA10]`] : [];
  });
}

/** After the fault, the same request again leads to where it would have led without one. */
export function judgeRepeat(faultless: Play, last: Play, attempts: number): string[] {
  const { answer, body } = last;
  const where = `at attempt ${attempts}`;
  return [
    ...(answer.status === faultless.answer.status && body === faultless.body
      ? []
      : [`is answered ${answer.status} ${body} ${where}`]),
    ...differences(faultless.after, last.after).map((difference) => `${difference} in Confluence ${where}`),
    ...differences(faultless.record, last.record).map((difference) => `${difference} on record ${where}`),
  ];
}

export function differences(wanted: ReadonlySet<string>, found: ReadonlySet<string>): string[] {
  return [
    ...[...wanted].filter((fact) => !found.has(fact)).map((fact) => `lacks "${fact}"`),
    ...[...found].filter((fact) => !wanted.has(fact)).map((fact) => `has "${fact}"`),
  ];
}

export function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return differences(one, other).length === 0;
}
