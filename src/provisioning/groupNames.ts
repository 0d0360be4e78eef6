import type { Call } from './call.js';
import type { Dependencies } from './dependencies.js';
import type { UpstreamGroup } from './directory.js';
import { Failure } from './failure.js';
import type { GroupLink } from './store.js';

const MOST_CHARACTERS = 255;

/**
 * Whether anybody could have this id: ids are opaque, but bounded and without control characters (rule ID1). Dots alone
 * mean something else in the path of an upstream call.
 */
export function isPlausibleId(id: string): boolean {
  return !/^\.{0,2}$/.test(id) && isPlainText(id);
}

/** Whether a group could have this name (rule GR3). */
export function isPossibleName(name: string): boolean {
  return name.trim() !== '' && isPlainText(name);
}

function isPlainText(text: string): boolean {
  return text.length <= MOST_CHARACTERS && !/\p{Cc}/u.test(text);
}

/** @throws Failure `invalid` for a name that is empty, too long or has control characters (rule GR3) */
export function assertPossibleName(name: string): void {
  if (isPossibleName(name)) return;
  throw new Failure(
    'invalid',
    `displayName has to be a text of 1 to ${String(MOST_CHARACTERS)} characters without control characters.`,
  );
}

/** Group names are unique without regard to case. */
export function isSameName(a: string, b: string): boolean {
  return nameKey(a) === nameKey(b);
}

/** What stands for a name in locks and intents. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** A group of this Confluence name, unless it is one that we deleted and Atlassian still shows (rule US2). One call. */
export async function findUpstreamByName(
  name: string,
  deps: Dependencies,
  call: Call,
): Promise<UpstreamGroup | undefined> {
  const group = await deps.directory.findGroupByName(name, call);
  if (group === undefined || (await deps.store.tombstones.isGroupBuried(group.id))) return undefined;
  return group;
}

/**
 * A name that a group is renamed to has to be free among recorded and upstream names (rule GR3); a group's own names
 * are. One call.
 *
 * @throws Failure `conflict` that names the group that holds it
 */
export async function assertNameFree(name: string, ownId: string, deps: Dependencies, call: Call): Promise<void> {
  const recorded = await deps.store.groups.findByDisplayName(name);
  if (recorded !== undefined && recorded.id !== ownId) throw nameTaken(recorded.id, recorded.displayName);
  const upstream = await findUpstreamByName(name, deps, call);
  if (upstream === undefined || upstream.id === ownId) return;
  throw nameTaken(upstream.id, displayNameOf(upstream, await deps.store.groups.find(upstream.id)));
}

/** The name SCIM shows: the recorded one where there is one, else Confluence's. */
export function displayNameOf(group: UpstreamGroup, link: GroupLink | undefined): string {
  return link === undefined || link.isReleased ? group.name : link.displayName;
}

/** A group holds the name already; says which, and both ways out (rule GR3). */
export function nameTaken(id: string, displayName: string): Failure {
  return new Failure(
    'conflict',
    `The group ${JSON.stringify(displayName)} (id ${id}) holds this name in Confluence. Look it up by displayName and have the operator name it in ADOPT_GROUPS to manage it, or rename one of the two.`,
  );
}
