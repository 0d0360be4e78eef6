import { isExactName, matchesPattern } from '../patterns.js';
import { assertWritableGroup, controlRead } from '../provisioning/access.js';
import type { UpstreamGroup } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import { nameKey } from '../provisioning/groupNames.js';
import type { GroupLine } from './lines.js';
import type { AdoptionParts } from './parts.js';

/**
 * What a first contact would do about the groups that `ADOPT_GROUPS` names and those that grant access (rule GR1): by id,
 * then by exact name. One walk over the groups of the organization.
 */
export async function* groupsBefore(parts: AdoptionParts): AsyncGenerator<GroupLine> {
  const { directory, access, settings, call } = parts;
  const names = new Map<string, number>();
  const candidates: UpstreamGroup[] = [];
  for await (const page of directory.listGroups(call())) {
    for (const group of page) {
      names.set(nameKey(group.name), (names.get(nameKey(group.name)) ?? 0) + 1);
      const isNamed = settings.adoptGroups.some((pattern) => matchesPattern(pattern, group.name));
      if (isNamed || access.granting.has(group.id)) candidates.push(group);
    }
  }
  if (names.size === 0) await controlRead(parts, access, call());
  for (const group of candidates) yield await judgeGroup(group, (names.get(nameKey(group.name)) ?? 0) > 1, parts);
  for (const name of settings.adoptGroups) {
    if (!isExactName(name) || names.has(nameKey(name))) continue;
    yield groupLine(undefined, name, false, 'missing');
  }
}

async function judgeGroup(group: UpstreamGroup, isRepeated: boolean, parts: AdoptionParts): Promise<GroupLine> {
  const { store, access, settings } = parts;
  const grantsAccess = access.granting.has(group.id);
  const link = await store.groups.find(group.id);
  const line = groupLine(group.id, group.name, grantsAccess, 'adoptable');
  if (link !== undefined && !link.isReleased) return { ...line, outcome: 'linked', owner: link.owner };
  try {
    assertWritableGroup(group, link, access, settings);
  } catch (error) {
    return { ...line, outcome: 'refused', reason: Failure.from(error).message };
  }
  if (isRepeated) return { ...line, outcome: 'duplicate' };
  const namesake = await store.groups.findByDisplayName(group.name);
  if (namesake === undefined || namesake.id === group.id) return line;
  return { ...line, outcome: 'duplicate', owner: namesake.owner };
}

function groupLine(
  id: string | undefined,
  name: string,
  grantsAccess: boolean,
  outcome: GroupLine['outcome'],
): GroupLine {
  return { kind: 'group', id, name, outcome, grantsAccess, owner: undefined, reason: undefined };
}
