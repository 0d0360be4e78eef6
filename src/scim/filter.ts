import { Failure } from '../provisioning/failure.js';
import { asBoolean, asInstant, comparisonOf, parseAttributeName, parseAttributePath } from './attributes.js';
import type { AttributePath } from './attributes.js';
import { refuseFilter, tokenise } from './filterTokens.js';
import type { Token } from './filterTokens.js';
import { shown } from './json.js';

/** What one filter or PATCH path may cost. The length has room for 50 terms that each compare an account id. */
export const FILTER_LIMITS = { characters: 4000, depth: 10, terms: 50 } as const;

const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type CompareOperator = (typeof OPERATORS)[number];
export type FilterValue = string | number | boolean | null;

export interface CompareTerm {
  readonly kind: 'compare';
  readonly path: AttributePath;
  readonly op: CompareOperator;
  readonly value: FilterValue;
}

/**
 * A filter of RFC 7644 §3.4.2.2, read. `values` is a value path such as `emails[type eq "work"]`: some one value of the
 * attribute satisfies the inner filter, whose paths are names of sub-attributes. `emails[type eq "work"].value eq "x"`, as
 * Entra ID sends it, says the same as `emails[type eq "work" and value eq "x"]` and is read as that.
 */
export type Filter =
  | CompareTerm
  | { readonly kind: 'present'; readonly path: AttributePath }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Filter[] }
  | { readonly kind: 'not'; readonly term: Filter }
  | { readonly kind: 'values'; readonly path: AttributePath; readonly filter: Filter };

/** The `path` of a PATCH operation (RFC 7644 §3.5.2). All but `text` and the filter's values is lower case. */
export interface PatchPath {
  /** The URN in front, lower case. `isCore` and `topLevelOf` tell what it means for a resource type. */
  readonly schema: string | undefined;
  /** The attribute, or the URN of an extension as a whole. */
  readonly attribute: string;
  readonly filter: Filter | undefined;
  readonly sub: string | undefined;
  /** As the client spelled it, for messages. */
  readonly text: string;
}

/**
 * Reads a filter in time proportional to its length, within `FILTER_LIMITS`. Operators, `and`, `or`, `not`, `true`,
 * `false` and `null` in any letter case; `and` binds closer than `or`.
 *
 * @throws Failure `invalid` (`invalidFilter`), and nothing else, whatever the text
 */
export function parseFilter(text: string): Filter {
  const cursor = new Cursor(text);
  const filter = disjunction(cursor, { depth: 0 });
  const left = cursor.peek();
  if (left.kind !== 'end') throw refuseFilter(`${name(left)} is one too many. Join terms with and / or.`, left);
  return filter;
}

/**
 * Reads the path of a PATCH operation: an attribute with an optional URN, value filter and sub-attribute.
 *
 * @throws Failure `invalid`: `invalidFilter` for what is wrong inside the brackets, `invalidPath` for the rest
 */
export function parsePath(text: string): PatchPath {
  if (text.length > FILTER_LIMITS.characters) {
    throw refusePath(text, `It is longer than ${FILTER_LIMITS.characters} characters.`);
  }
  const cursor = new Cursor(text);
  const start = cursor.peek();
  const path = start.kind === 'word' ? parseAttributePath(start.text) : undefined;
  if (path === undefined) throw refusePath(text, 'Send an attribute such as active, members or name.givenName.');
  cursor.take('word');

  const { schema, name: attribute } = path;
  let { sub } = path;
  let filter: Filter | undefined;
  if (sub === undefined && cursor.take('[')) {
    filter = valueFilter(cursor, { depth: 0, parent: path });
    if (cursor.peek().kind === 'word') {
      sub = subAttribute(cursor.next().text);
      if (sub === undefined) throw refusePath(text, 'After ] only a sub-attribute such as .value may follow.');
    }
  }
  if (cursor.peek().kind !== 'end') throw refusePath(text, 'Send one attribute for each operation.');
  return { schema, attribute, filter, sub, text };
}

/** Where a term stands: how deep, and inside the brackets of which attribute. */
interface Place {
  readonly depth: number;
  readonly parent?: AttributePath;
}

class Cursor {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #position = 0;
  #terms = 0;

  constructor(text: string) {
    if (text.length > FILTER_LIMITS.characters) {
      throw refuseFilter(`it is longer than ${FILTER_LIMITS.characters} characters. Ask in several requests.`);
    }
    this.#tokens = tokenise(text);
    this.#end = { kind: 'end', text: '', at: text.length };
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#position + ahead] ?? this.#end;
  }

  next(): Token {
    const token = this.peek();
    this.#position += 1;
    return token;
  }

  take(kind: Token['kind'], keyword?: string): boolean {
    const token = this.peek();
    if (token.kind !== kind || (keyword !== undefined && token.text.toLowerCase() !== keyword)) return false;
    this.#position += 1;
    return true;
  }

  expect(kind: ')' | ']'): void {
    const token = this.peek();
    if (!this.take(kind)) throw refuseFilter(`expected ${kind}, found ${name(token)}. Close what is open.`, token);
  }

  countTerm(token: Token): void {
    this.#terms += 1;
    if (this.#terms > FILTER_LIMITS.terms) {
      throw refuseFilter(`it has more than ${FILTER_LIMITS.terms} terms. Ask in several requests.`, token);
    }
  }
}

function disjunction(cursor: Cursor, place: Place): Filter {
  return joined('or', cursor, () => joined('and', cursor, () => factor(cursor, place)));
}

function joined(kind: 'and' | 'or', cursor: Cursor, operand: () => Filter): Filter {
  const terms = [operand()];
  while (cursor.take('word', kind)) terms.push(operand());
  const [only] = terms;
  return only !== undefined && terms.length === 1 ? only : { kind, terms };
}

function factor(cursor: Cursor, place: Place): Filter {
  if (cursor.take('(')) return parenthesised(cursor, place);
  // `not` negates only in front of a parenthesis (RFC 7644 figure 1); elsewhere it could be an attribute's name.
  if (cursor.peek(1).kind === '(' && cursor.take('word', 'not')) {
    cursor.next();
    return { kind: 'not', term: parenthesised(cursor, place) };
  }
  return term(cursor, place);
}

function parenthesised(cursor: Cursor, place: Place): Filter {
  const inner = disjunction(cursor, deeper(cursor, place));
  cursor.expect(')');
  return inner;
}

function valueFilter(cursor: Cursor, place: Place): Filter {
  const inner = disjunction(cursor, deeper(cursor, place));
  cursor.expect(']');
  return inner;
}

/** Bounds the recursion, so that no filter can exhaust the stack. */
function deeper(cursor: Cursor, place: Place): Place {
  if (place.depth >= FILTER_LIMITS.depth) {
    throw refuseFilter(`it nests deeper than ${FILTER_LIMITS.depth}. Write it flatter.`, cursor.peek());
  }
  return { ...place, depth: place.depth + 1 };
}

function term(cursor: Cursor, place: Place): Filter {
  const token = cursor.next();
  const path = token.kind === 'word' ? parseAttributePath(token.text) : undefined;
  if (path === undefined) {
    throw refuseFilter(`expected an attribute, found ${name(token)}. Write for example userName eq "ada".`, token);
  }
  const { parent } = place;
  if (parent !== undefined && (path.sub !== undefined || path.schema !== undefined)) {
    throw refuseFilter(`${name(token)} is no sub-attribute. Inside brackets, write its bare name.`, token);
  }
  if (!cursor.take('[')) return comparison(cursor, path, parent);

  if (parent !== undefined || path.sub !== undefined) {
    throw refuseFilter('brackets can only follow an attribute outside of brackets. Use and / or instead.', token);
  }
  const inner = valueFilter(cursor, { depth: place.depth, parent: path });
  const suffix = cursor.peek();
  if (suffix.kind !== 'word' || !suffix.text.startsWith('.')) return { kind: 'values', path, filter: inner };
  cursor.next();
  const sub = subAttribute(suffix.text);
  if (sub === undefined) throw refuseFilter(`${name(suffix)} is no sub-attribute. Write for example .value`, suffix);
  const subPath: AttributePath = { schema: undefined, name: sub, sub: undefined, text: suffix.text.slice(1) };
  return { kind: 'values', path, filter: { kind: 'and', terms: [inner, comparison(cursor, subPath, path)] } };
}

/** `.value` after a closing bracket. */
function subAttribute(text: string): string | undefined {
  return text.startsWith('.') ? parseAttributeName(text.slice(1)) : undefined;
}

function comparison(cursor: Cursor, path: AttributePath, parent: AttributePath | undefined): Filter {
  const token = cursor.next();
  cursor.countTerm(token);
  const written = token.kind === 'word' ? token.text.toLowerCase() : undefined;
  if (written === 'pr') return { kind: 'present', path };
  const op = OPERATORS.find((operator) => operator === written);
  if (op === undefined) {
    const advice = `Use one of ${OPERATORS.join(', ')}, pr.`;
    throw refuseFilter(`expected an operator after ${shown(path.text)}, found ${name(token)}. ${advice}`, token);
  }
  const operand = cursor.next();
  const value = literal(operand, path, op);
  const whole = parent === undefined ? path : { ...parent, sub: path.name };
  const problem = misfit(whole, op, value);
  if (problem !== undefined) throw refuseFilter(`${op} cannot be used here: ${problem}`, operand);
  return { kind: 'compare', path, op, value };
}

/** Meant as a number and none, such as 01 or 1e999. */
const MALFORMED_NUMBER = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i;
// RFC 8259 §6, as RFC 7644 asks for.
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;

function literal(token: Token, path: AttributePath, op: CompareOperator): FilterValue {
  if (token.kind === 'string') return token.text;
  if (token.kind !== 'word') {
    throw refuseFilter(`expected a value after ${op}, found ${name(token)}. Quote text in double quotes.`, token);
  }
  const keyword = token.text.toLowerCase();
  if (keyword === 'null') return null;
  const truth = asBoolean(keyword);
  if (truth !== undefined) return truth;
  const number = NUMBER.test(token.text) ? Number(token.text) : Number.NaN;
  if (Number.isFinite(number)) return number;
  // Quirk: older releases of authentik, and Entra ID's documentation, leave out the quotes around a look-up's value. One
  // word is unambiguous; what has a space in it ends as a syntax error, never as another filter.
  if (op === 'eq' && isText(path) && !MALFORMED_NUMBER.test(token.text)) return token.text;
  const example = `${shown(path.text)} ${op} "${shown(token.text)}"`;
  throw refuseFilter(`the value ${name(token)} must be in double quotes. Write ${example}`, token);
}

function isText(path: AttributePath): boolean {
  const comparison = comparisonOf(path);
  return comparison === 'caseExact' || comparison === 'caseInsensitive';
}

/** Why this operator and value do not go with the attribute (RFC 7644 table 3), undefined when they do. */
function misfit(path: AttributePath, op: CompareOperator, value: FilterValue): string | undefined {
  const isEquality = op === 'eq' || op === 'ne';
  if (!isEquality && (value === null || typeof value === 'boolean')) return 'true, false and null have no order.';
  if (typeof value === 'number' && (op === 'co' || op === 'sw' || op === 'ew')) return 'it needs text in quotes.';
  if (value === null) return undefined;
  switch (comparisonOf(path)) {
    case 'boolean':
      if (isEquality && asBoolean(value) !== undefined) return undefined;
      return `${shown(path.text)} is a boolean. Compare it by eq with true or false.`;
    case 'dateTime':
      if (op === 'co' || op === 'sw' || op === 'ew' || asInstant(value) !== undefined) return undefined;
      return 'the value is no date and time. Write for example "2026-01-31T00:00:00Z".';
    case 'caseExact':
    case 'caseInsensitive':
      return undefined;
  }
}

function name(token: Token): string {
  if (token.kind === 'end') return 'the end';
  return token.kind === 'string' ? `"${shown(token.text)}"` : shown(token.text);
}

function refusePath(text: string, advice: string): Failure {
  return new Failure('invalid', `The path "${shown(text)}" cannot be read. ${advice}`, { scimType: 'invalidPath' });
}
