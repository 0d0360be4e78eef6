import type { Place } from './place.js';

/**
 * A document of OpenAPI 3.0 as one of 3.1, as far as schemas go: `nullable` becomes the type `null` (OpenAPI 3.0.3,
 * Schema Object), and what stands beside a reference, which 3.0 ignores, is left out.
 */
export function modernized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernized);
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value && typeof value.$ref === 'string') return { $ref: value.$ref };
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([key, inner]): [string, unknown] => [key, modernized(inner)]),
  );
  if (nullable !== true) return nullable === undefined || nullable === false ? rest : { ...rest, nullable };
  if (typeof rest['type'] !== 'string') return { anyOf: [rest, { type: 'null' }] };
  const choices = rest['enum'];
  return {
    ...rest,
    type: [rest['type'], 'null'],
    ...(Array.isArray(choices) ? { enum: [...(choices as unknown[]), null] } : {}),
  };
}

/** A schema and all that its `allOf`, `anyOf` and `oneOf` are made of. */
export function alternatives(schema: Place): readonly Place[] {
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((word) => schema.at(word)?.children() ?? []);
  return [schema, ...parts.flatMap(alternatives)];
}

/** What the schema says of a property; empty when it does not know it. */
export function propertyOf(schema: Place, name: string): readonly Place[] {
  return alternatives(schema).flatMap((part) => part.at('properties', name) ?? []);
}

export function propertiesOf(schema: Place): readonly (readonly [string, Place])[] {
  return alternatives(schema).flatMap((part) => part.at('properties')?.entries() ?? []);
}

export function requiredOf(schema: Place): readonly string[] {
  return [schema, ...(schema.at('allOf')?.children() ?? [])].flatMap((part) => part.texts('required'));
}

export function itemsOf(schema: Place): readonly Place[] {
  return alternatives(schema).flatMap((part) => part.at('items') ?? []);
}

/** The JSON types that the schema takes, `null` left out and `integer` counted as a number; empty when it does not say. */
export function typesOf(schema: Place): readonly string[] {
  const types = alternatives(schema).flatMap((part) => [part.text('type') ?? [], part.texts('type')].flat());
  const known = types.filter((type) => type !== 'null').map((type) => (type === 'integer' ? 'number' : type));
  return [...new Set(known)].sort();
}

/** The values that the schema lists; undefined when it takes others, too. */
export function choicesOf(schema: Place): readonly unknown[] | undefined {
  for (const part of alternatives(schema)) {
    const choices = part.at('enum')?.value;
    if (Array.isArray(choices)) return choices as unknown[];
    const only = part.at('const');
    if (only !== undefined) return [only.value];
  }
  return undefined;
}

/**
 * The fields of a value that no part of its schema names: what the document, for all it says, does not know. A schema
 * that says it takes others, or names none, knows everything.
 */
export function strangers(schema: readonly Place[], value: unknown, path = ''): readonly string[] {
  const parts = schema.flatMap(alternatives);
  if (Array.isArray(value)) {
    const items = parts.flatMap((part) => part.at('items') ?? []);
    return [...new Set(value.flatMap((item) => strangers(items, item, `${path}/*`)))];
  }
  if (typeof value !== 'object' || value === null) return [];
  const names = parts.flatMap((part) => part.at('properties') ?? []);
  const others = parts.flatMap((part) => part.at('additionalProperties') ?? []).filter(({ value: it }) => it !== false);
  if (names.length === 0) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = names.flatMap((part) => part.at(name) ?? []);
    if (known.length > 0) return strangers(known, inner, `${path}/${name}`);
    return others.length > 0 ? [] : [`${path}/${name}`];
  });
}
