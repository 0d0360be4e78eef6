import { Failure } from '../provisioning/failure.js';
import { isCore, parseAttributePath, topLevelOf } from './attributes.js';
import type { AttributePath } from './attributes.js';
import type { ResourceType } from './userAttributes.js';

/** The two parameters as a client sends them: comma separated in a URL, a list in a SearchRequest. */
export interface ProjectionInputs {
  readonly attributes: string | readonly string[] | undefined;
  readonly excludedAttributes: string | readonly string[] | undefined;
}

/** A tree of attribute names in lower case; extensions and sub-attributes are its lower levels. */
interface Selection {
  isWhole: boolean;
  readonly parts: Map<string, Selection>;
}

/** Which attributes an answer holds (RFC 7644 §3.9). */
export type Projection =
  { readonly mode: 'everything' } | { readonly mode: 'only' | 'without'; readonly selection: Readonly<Selection> };

/** `returned: always` (RFC 7643 §3.1, §7), and no resource is one without `schemas`. */
const ALWAYS_RETURNED = ['id', 'schemas'] as const;

/** Entra ID and SailPoint name some forty attributes by their full URN; a URL cannot hold much more than this anyway. */
const MAX_CHARACTERS = 8000;
const MAX_ATTRIBUTES = 100;

/**
 * Reads `attributes` and `excludedAttributes`. Names in any letter case, with or without URN; unknown, malformed and empty
 * ones are ignored. A parameter without any name counts as not sent. RFC 7644 §3.9 calls the two mutually exclusive: when both
 * come, `attributes` decides, since it says exactly what the client reads.
 *
 * @throws Failure `invalid` (`invalidValue`) when a list is too long
 */
export function parseProjection(inputs: ProjectionInputs, resourceType: ResourceType): Projection {
  const wanted = names('attributes', inputs.attributes);
  const unwanted = names('excludedAttributes', inputs.excludedAttributes);
  if (wanted.length > 0) {
    const selection = select(wanted, resourceType);
    for (const name of ALWAYS_RETURNED) add(selection, [name]);
    return { mode: 'only', selection };
  }
  if (unwanted.length > 0) {
    const selection = select(unwanted, resourceType);
    for (const name of ALWAYS_RETURNED) selection.parts.delete(name);
    return { mode: 'without', selection };
  }
  return { mode: 'everything' };
}

/** Whether a top-level attribute, or a part of it, will be in the answer: what is not wanted need not be read. */
export function wants(projection: Projection, attribute: string): boolean {
  if (projection.mode === 'everything') return true;
  const selected = projection.selection.parts.get(attribute.toLowerCase());
  return projection.mode === 'only' ? selected !== undefined : selected?.isWhole !== true;
}

/** The part of a representation that was asked for, in the representation's own spelling and order. A new object. */
export function project(resource: object, projection: Projection): Record<string, unknown> {
  if (projection.mode === 'everything') return { ...resource };
  return pruneParts(resource, projection.selection, projection.mode);
}

function names(parameter: string, input: string | readonly string[] | undefined): readonly string[] {
  const lists = typeof input === 'string' ? [input] : (input ?? []);
  const characters = lists.reduce((sum, list) => sum + list.length, 0);
  const found =
    characters > MAX_CHARACTERS
      ? undefined
      : lists.flatMap((list) => list.split(',').map((item) => item.trim())).filter((item) => item !== '');
  if (found === undefined || found.length > MAX_ATTRIBUTES) {
    const limits = `${MAX_ATTRIBUTES} attributes and ${MAX_CHARACTERS} characters`;
    throw new Failure('invalid', `${parameter} is too long. Name at most ${limits}.`);
  }
  return found;
}

function select(items: readonly string[], resourceType: ResourceType): Selection {
  const selection: Selection = { isWhole: false, parts: new Map() };
  for (const item of items) {
    const path = parseAttributePath(item);
    if (path !== undefined) add(selection, levels(path, resourceType));
  }
  return selection;
}

function levels(path: AttributePath, resourceType: ResourceType): readonly string[] {
  const topLevel = topLevelOf(path, resourceType);
  if (topLevel === undefined) return [];
  const inside = isCore(path, resourceType) ? [] : [path.name];
  return [topLevel, ...inside, ...(path.sub === undefined ? [] : [path.sub])];
}

function add(selection: Selection, [name, ...rest]: readonly string[]): void {
  if (name === undefined) return;
  const part = selection.parts.get(name) ?? { isWhole: false, parts: new Map<string, Selection>() };
  selection.parts.set(name, part);
  if (rest.length === 0) part.isWhole = true;
  else add(part, rest);
}

/** @returns undefined when nothing is left */
function prune(value: unknown, selection: Readonly<Selection>, mode: 'only' | 'without'): unknown {
  if (selection.isWhole) return mode === 'only' ? value : undefined;
  if (Array.isArray(value)) {
    const left = value.map((one) => prune(one, selection, mode)).filter((one) => one !== undefined);
    return left.length > 0 ? left : undefined;
  }
  if (typeof value === 'object' && value !== null) {
    const left = pruneParts(value, selection, mode);
    return Object.keys(left).length > 0 ? left : undefined;
  }
  // A simple value has no sub-attribute that could be asked for or left out.
  return mode === 'only' ? undefined : value;
}

function pruneParts(value: object, selection: Readonly<Selection>, mode: 'only' | 'without'): Record<string, unknown> {
  const entries: [string, unknown][] = Object.entries(value);
  const kept = entries.flatMap(([name, part]): [string, unknown][] => {
    const selected = selection.parts.get(name.toLowerCase());
    if (selected === undefined) return mode === 'only' ? [] : [[name, part]];
    const left = prune(part, selected, mode);
    return left === undefined ? [] : [[name, left]];
  });
  // fromEntries defines properties instead of assigning them, so a key called __proto__ stays a key.
  return Object.fromEntries(kept);
}
