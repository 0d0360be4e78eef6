import type { Config } from '../config.js';
import type { PlanEntry } from '../provisioning/planRecords.js';
import type { Records } from '../provisioning/store.js';
import { printable, printableJson } from '../terminal.js';
import { callsOf, type PlannedCall, toLine } from './calls.js';
import { brakeAgainst, type Effect, effectOf } from './effect.js';
import { isMintedId } from './groupIds.js';
import { type PendingStep, pendingSteps } from './pending.js';

/** A plan as it is shown to the operator: with names and addresses, which are nobody else's business. */
export interface PlanReport {
  /** Host of the site. */
  readonly site: string;
  readonly mode: Config['mode'];
  readonly steps: readonly ReportedStep[];
  readonly effect: Effect;
  /** Groups that members leave, by name. */
  readonly groupRemovals: readonly { readonly name: string; readonly removed: number | 'all' }[];
  /** Why the mass-removal brake would refuse the plan; undefined when it would not. */
  readonly brake: string | undefined;
}

export interface ReportedStep {
  readonly entry: PlanEntry;
  /** What it does, in words. */
  readonly act: string;
  readonly calls: readonly PlannedCall[];
  readonly person:
    { readonly id: string; readonly accountId: string | undefined; readonly address: string | undefined } | undefined;
  readonly group: { readonly id: string; readonly name: string } | undefined;
}

/** Puts a plan together from the store alone; Atlassian is asked nothing. */
export async function reportPlan(records: Records, config: Config, nowMs: number): Promise<PlanReport> {
  const steps = await pendingSteps(records);
  const granting = await records.index.grantingGroups();
  const effect = await effectOf(steps, new Set(granting.map(({ id }) => id)), records);
  const names = await namesOf(steps, effect, records);
  const nameOf = (groupId: string): string => names.get(groupId) ?? groupId;
  const confluenceIds = new Map([...(await records.groupIds.mintedIds())].map(([id, minted]) => [minted, id]));
  const context = {
    orgId: config.site.organization?.id,
    groupIdOf: (groupId: string): string =>
      confluenceIds.get(groupId) ?? (isMintedId(groupId) ? `<id of ${nameOf(groupId)}>` : groupId),
  };
  return {
    site: new URL(config.site.url).host,
    mode: config.mode,
    steps: steps.map((step) => ({
      entry: step.entry,
      act: sayAct(step, nameOf),
      calls: callsOf(step, context),
      person: personOf(step),
      group:
        step.entry.groupId === undefined ? undefined : { id: step.entry.groupId, name: nameOf(step.entry.groupId) },
    })),
    effect,
    groupRemovals: effect.groups.map(({ groupId, members }) => ({
      name: nameOf(groupId),
      removed: members === 'all' ? 'all' : members.length,
    })),
    brake: await brakeAgainst(effect, records, config.brake, nowMs),
  };
}

async function namesOf(
  steps: readonly PendingStep[],
  { groups }: Effect,
  records: Records,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  const owed = steps.flatMap((step) => step.owed);
  for (const groupId of [...owed, ...groups.map((group) => group.groupId)]) {
    const name =
      (await records.index.group(groupId))?.name ?? (await records.groups.find(groupId))?.confluenceName ?? groupId;
    names.set(groupId, name);
  }
  for (const { entry } of steps) {
    if (entry.groupId !== undefined && entry.groupName !== undefined) names.set(entry.groupId, entry.groupName);
  }
  return names;
}

function personOf({ entry, person }: PendingStep): ReportedStep['person'] {
  const { accountId, address } = entry;
  if (person === undefined && accountId === undefined) return undefined;
  return {
    id: person?.id ?? accountId ?? '',
    accountId: accountId ?? person?.accountId,
    address: address ?? person?.address,
  };
}

function sayAct(step: PendingStep, nameOf: (groupId: string) => string): string {
  const { kind, groupId = '', accountId = '', address } = step.entry;
  const who = address ?? step.person?.address ?? accountId;
  const group = `"${nameOf(groupId)}"`;
  switch (kind) {
    case 'removeMember':
      return `take ${who} out of ${group}`;
    case 'addMember':
      return `put ${who} into ${group}`;
    case 'createGroup':
      return `create the group ${group}`;
    case 'deleteGroup':
      return `delete the group ${group}`;
    case 'suspend':
      return `suspend ${who}`;
    case 'restore':
      return `restore ${who}`;
    case 'createAccount':
      return `give ${who} access through ${group}`;
    case 'inviteByEmail':
      return `invite ${who}, by a mail of Atlassian's`;
  }
}

/** For reading on the operator's own terminal. */
export function toText(report: PlanReport): string {
  const { site, mode, steps, effect, groupRemovals, brake } = report;
  const { gained, lost, mailed } = effect;
  if (steps.length === 0) return `Nothing is planned for ${printable(site)} (MODE=${mode}).\n`;
  const calls = steps.reduce((sum, step) => sum + step.calls.length, 0);
  const lines = [
    `The plan for ${site} (MODE=${mode}): ${steps.length} steps, ${calls} calls. None of them was sent.`,
    '',
    ...steps.flatMap(linesOf),
    '',
    `Access: ${gained} gain it, ${lost.length} lose it; seats ${gained < lost.length ? '' : '+'}${gained - lost.length}. Atlassian mails ${mailed}.`,
    ...groupRemovals.map(({ name, removed }) =>
      removed === 'all' ? `Deleted with all its members: "${name}".` : `Members who leave "${name}": ${removed}.`,
    ),
    brake === undefined ? 'The mass-removal brake lets the plan pass.' : `Refused as it is: ${brake}`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function linesOf({ entry, act, calls }: ReportedStep): readonly string[] {
  const head = `${String(entry.number).padStart(5)}  ${act}  (${entry.caller}, ${entry.at})`;
  return [
    head,
    ...calls.map((call) => `         ${call.isLater ? 'later: ' : ''}${toLine(call)}`),
    ...(entry.state === 'failed' ? [`         failed before: ${entry.answer ?? 'no answer'}`] : []),
  ];
}

/** For programs; names and addresses are in it. */
export function toJson({ site, mode, steps, effect, groupRemovals, brake }: PlanReport): string {
  const json = {
    site,
    mode,
    steps: steps.map(({ entry, act, calls, person, group }) => ({
      number: entry.number,
      at: entry.at,
      caller: entry.caller,
      requestId: entry.requestId,
      kind: entry.kind,
      act,
      state: entry.state,
      answer: entry.answer ?? null,
      person:
        person === undefined
          ? null
          : { ...person, accountId: person.accountId ?? null, address: person.address ?? null },
      group: group ?? null,
      calls: calls.map(({ method, path, query, body, isLater }) => ({
        method,
        path,
        query: query ?? null,
        body: body ?? null,
        isLater,
      })),
    })),
    totals: { steps: steps.length, calls: steps.reduce((sum, step) => sum + step.calls.length, 0) },
    access: {
      gained: effect.gained,
      lost: effect.lost.length,
      seats: effect.gained - effect.lost.length,
      mailed: effect.mailed,
    },
    groups: groupRemovals,
    brake: { passes: brake === undefined, reason: brake ?? null },
  };
  return `${printableJson(json, 2)}\n`;
}
