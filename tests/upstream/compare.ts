import type { ApiOperation } from './document.js';
import { isEvident } from './evidence.js';
import { responseOf } from './judge.js';
import type { Place } from './place.js';
import { alternatives, choicesOf, itemsOf, propertiesOf, propertyOf, requiredOf, typesOf } from './schema.js';

/** Extension of `openapi/upstream.yaml`: why an operation is called that Atlassian means to end. */
const DEPRECATION = 'x-deprecated-because';

type Direction = 'sent' | 'read';

/**
 * Where our description of an operation says what Atlassian's does not: parameters, bodies, statuses, what is read of
 * answers, scopes. What carries evidence of its own may differ.
 */
export function differences(ours: ApiOperation, theirs: ApiOperation): readonly string[] {
  return [
    ...(theirs.place.is('deprecated') && ours.place.text(DEPRECATION) === undefined ? ['is deprecated'] : []),
    ...parameterDifferences(ours, theirs),
    ...bodyDifferences(ours.place.at('requestBody'), theirs.place.at('requestBody')),
    ...[...ours.responses].flatMap(([status, response]) =>
      responseDifferences(status, response, responseOf(theirs, status)),
    ),
    ...scopeDifferences(ours.place, theirs.place),
  ];
}

function parameterDifferences(ours: ApiOperation, theirs: ApiOperation): readonly string[] {
  const missing = theirs.parameters.filter(
    (their) => their.isRequired && !ours.parameters.some((our) => our.name === their.name && our.in === their.in),
  );
  return [
    ...missing.map(({ name }) => `the parameter ${name} is required and not ours`),
    ...ours.parameters.flatMap((our) => {
      const their = theirs.parameters.find(({ name, in: place }) => name === our.name && place === our.in);
      if (their !== undefined) return schemaDifferences(our.schema, [their.schema], `parameter ${our.name}`, 'sent');
      return isEvident(our.place) ? [] : [`the parameter ${our.name} is not known`];
    }),
  ];
}

function bodyDifferences(ours: Place | undefined, theirs: Place | undefined): readonly string[] {
  if (ours === undefined) return theirs?.is('required') === true ? ['a body is required and not ours'] : [];
  const our = ours.at('content', 'application/json', 'schema');
  const their = theirs?.at('content', 'application/json', 'schema');
  if (their === undefined) return isEvident(ours) ? [] : ['no body is described'];
  return our === undefined ? ['our body has no schema'] : schemaDifferences(our, [their], 'body', 'sent');
}

function responseDifferences(status: string, ours: Place, theirs: Place | undefined): readonly string[] {
  if (theirs === undefined) return isEvident(ours) ? [] : [`${status} is not documented`];
  const our = ours.at('content', 'application/json', 'schema');
  const their = theirs.at('content', 'application/json', 'schema');
  if (our === undefined) return [];
  if (their !== undefined) return schemaDifferences(our, [their], status, 'read');
  // The shape of most refusals is in no document.
  return status.startsWith('2') && !isEvident(ours) ? [`the body of ${status} is not documented`] : [];
}

function scopeDifferences(ours: Place, theirs: Place): readonly string[] {
  const families = theirs.at('x-atlassian-oauth2-scopes')?.children() ?? [];
  // The Organizations API knows no scopes that our key could have.
  if (families.length === 0) return [];
  const scopesOf = (state: string) => families.find((one) => one.text('state') === state)?.texts('scopes') ?? [];
  const asked = ours.at('security')?.children() ?? [];
  return [
    ...unequal(
      'scopes',
      asked.flatMap((one) => one.texts('scopedToken')),
      scopesOf('Current'),
    ),
    ...unequal('granular scopes', ours.texts('x-granular-scopes'), scopesOf('Beta')),
  ];
}

/** @param theirs all that their document says of it */
function schemaDifferences(
  ours: Place,
  theirs: readonly Place[],
  path: string,
  direction: Direction,
): readonly string[] {
  const types = [...new Set(theirs.flatMap(typesOf))];
  const differing = typesOf(ours).filter((type) => types.length > 0 && !types.includes(type));
  const choices = theirs.map(choicesOf).find((list) => list !== undefined);
  const strange = (choicesOf(ours) ?? []).filter((choice) => choices?.includes(choice) === false);
  const items = theirs.flatMap(itemsOf);
  return [
    ...differing.map((type) => `${path} is ${types.join(' or ')}, not ${type}`),
    ...strange.map((choice) => `${path} is never ${JSON.stringify(choice)}`),
    ...(direction === 'sent' ? missingOf(ours, theirs, path) : []),
    ...propertiesOf(ours).flatMap(([name, our]) => {
      const known = theirs.flatMap((their) => propertyOf(their, name));
      if (known.length > 0) return schemaDifferences(our, known, `${path}/${name}`, direction);
      if (isEvident(our) || takesAnyName(theirs, direction)) return [];
      return [`${path}/${name} is not known`];
    }),
    ...itemsOf(ours).flatMap((our) =>
      items.length === 0 ? [] : schemaDifferences(our, items, `${path}/*`, direction),
    ),
  ];
}

function missingOf(ours: Place, theirs: readonly Place[], path: string): readonly string[] {
  const ourNames = requiredOf(ours);
  return theirs
    .flatMap(requiredOf)
    .filter((name) => !ourNames.includes(name))
    .map((name) => `${path}/${name} is required and may be missing in ours`);
}

/** Whether the schema is a table by names of no kind, as Jira's permissions are. */
function takesAnyName(theirs: readonly Place[], direction: Direction): boolean {
  const parts = theirs.flatMap(alternatives);
  const isNamed = parts.some((part) => part.at('properties') !== undefined);
  const takesOthers = parts.some((part) => (part.at('additionalProperties')?.value ?? false) !== false);
  return direction === 'read' && !isNamed && takesOthers;
}

function unequal(what: string, ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const [our, their] = [ours, theirs].map((list) => [...list].sort().join(' '));
  return our === their ? [] : [`the ${what} are ${their === '' ? 'none' : (their ?? '')}, not ${our ?? ''}`];
}
