import { readFile } from 'node:fs/promises';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { Answer } from './answers.js';

interface Reference {
  readonly $ref?: string;
}
interface HeaderObject extends Reference {
  readonly required?: boolean;
  readonly schema?: { readonly type?: string };
}
interface ResponseObject extends Reference {
  readonly headers?: Readonly<Record<string, HeaderObject>>;
  readonly content?: Readonly<Record<string, object>>;
}
type Responses = Readonly<Record<string, ResponseObject>>;
interface PathItem extends Readonly<Record<string, unknown>> {
  readonly servers?: readonly { readonly url: string }[];
  readonly 'x-other-methods'?: Responses;
  /** The last parameter takes any number of segments. */
  readonly 'x-any-depth'?: boolean;
}
interface SchemaObject {
  readonly anyOf?: readonly object[];
  readonly properties?: object;
}
export interface OpenApiDocument {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, SchemaObject>>;
  };
  readonly 'x-other-methods': Responses;
  readonly 'x-other-addresses': Responses;
}

/** A place in the document, and what is there. */
interface Found<T> {
  readonly pointer: readonly string[];
  readonly value: T;
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'];

/**
 * Headers that are no part of the contract: those that carry the message (RFC 9110 §8; the document states the media
 * type as `content`), and what browsers and caches are told, which no SCIM client reads.
 */
const UNDESCRIBED_HEADERS: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
]);

/**
 * What the bridge itself calls things of a person, which no User shows. The document cannot forbid the names, for an
 * attribute that a client sends is echoed whatever it is called; no client of the tests sends one of these.
 */
const OWN_NAMES = ['accountId', 'link', 'wanted', 'profile'];

const SCIM_MEDIA_TYPE = 'application/scim+json';

/** Reads the document of what the bridge serves; its validators are compiled when a first answer asks for them. */
export async function readContract(): Promise<Contract> {
  // Most of a test file's time for this is loading these, so files that send no request never do.
  const [{ Ajv2020: Ajv }, addFormatsModule, text] = await Promise.all([
    import('ajv/dist/2020.js'),
    import('ajv-formats'),
    // openapi/scim-bridge.yaml, as run/setup.js has put it down.
    readFile(process.env['TEST_CONTRACT_FILE'] ?? '', 'utf8'),
  ]);
  // The module is CommonJS; its types do not say that the function is its default.
  const addFormats = addFormatsModule.default as unknown as (ajv: Ajv2020) => void;
  return new Contract(JSON.parse(text) as OpenApiDocument, () => {
    // That the schemas are schemas is looked at by `npm run lint`.
    const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
    addFormats(ajv);
    return ajv;
  });
}

/** What the bridge has promised of its answers and requests: `openapi/scim-bridge.yaml`. */
export class Contract {
  readonly document: OpenApiDocument;
  readonly #whole: Ajv2020;
  readonly #projected: Ajv2020;
  readonly #templates: readonly (Found<PathItem> & { readonly pattern: RegExp; readonly template: string })[];

  constructor(document: OpenApiDocument, createAjv: () => Ajv2020) {
    this.document = document;
    const checked = withoutOwnNames(document);
    this.#projected = createAjv();
    this.#projected.addSchema(checked, 'api');
    this.#whole = createAjv();
    this.#whole.addSchema(withoutParts(checked), 'api');
    this.#templates = Object.entries(document.paths)
      .map(([template, value]) => ({
        template,
        value,
        pointer: ['paths', template],
        pattern: patternOf(template, (value.servers ?? document.servers)[0]?.url ?? '', value['x-any-depth'] === true),
      }))
      // `/Users/.search` is no id.
      .sort((a, b) => parametersIn(a.template) - parametersIn(b.template));
  }

  /** The operation and status that an answer belongs to, as `get /Users/{id} 200`. */
  nameOf({ method, url, status }: Pick<Answer, 'method' | 'url' | 'status'>): string {
    const path = pathOf(url);
    const template = this.#templates.find(({ pattern }) => pattern.test(path));
    if (template === undefined) return `any /other address ${status}`;
    const name = method.toLowerCase();
    return `${name in template.value ? name : 'other'} ${template.template} ${status}`;
  }

  /** The answers that the document has, named as in {@link nameOf}. */
  documentedAnswers(): readonly string[] {
    const ofPaths = Object.entries(this.document.paths).flatMap(([template, item]) => [
      ...METHODS.flatMap((method) => statusesOf(item[method]).map((status) => `${method} ${template} ${status}`)),
      ...Object.keys(item['x-other-methods'] ?? this.document['x-other-methods']).map(
        (status) => `other ${template} ${status}`,
      ),
    ]);
    const others = Object.keys(this.document['x-other-addresses']).map((status) => `any /other address ${status}`);
    return [...ofPaths, ...others];
  }

  /** What is wrong with an answer by the document, in names and never in values; empty when it is as documented. */
  problemsOf(answer: Answer): readonly string[] {
    const documented = this.#responseOf(answer);
    if (documented === undefined)
      return [`${this.nameOf(answer)}: ${answer.method} with this status is not documented`];
    const response = this.#resolve(documented);
    const problems = [...this.#headerProblems(response, answer), ...this.#bodyProblems(response, answer)];
    return problems.map((problem) => `${this.nameOf(answer)}: ${problem}`);
  }

  /** The validator of a place in the document; `whole` where no part of a resource was asked for. */
  schemaAt(pointer: readonly string[], of: 'whole' | 'part' = 'part'): ValidateFunction {
    const ajv = of === 'whole' ? this.#whole : this.#projected;
    const validate = ajv.getSchema(`api#/${pointer.map(escaped).join('/')}`);
    if (validate === undefined) throw new Error(`The document has no schema at ${pointer.join(' > ')}`);
    return validate;
  }

  /**
   * Methods that no operation of a path describes, and addresses that no path describes, have a place of their own in
   * the document: OpenAPI describes what is served, and the bridge answers the rest, too.
   */
  #responseOf({ method, url, status }: Answer): Found<ResponseObject> | undefined {
    const path = pathOf(url);
    const template = this.#templates.find(({ pattern }) => pattern.test(path));
    const code = String(status);
    if (template === undefined) return child(this.document['x-other-addresses'], ['x-other-addresses'], code);
    const operation = template.value[method.toLowerCase()] as { readonly responses: Responses } | undefined;
    if (operation === undefined) {
      const own = template.value['x-other-methods'];
      if (own !== undefined) return child(own, [...template.pointer, 'x-other-methods'], code);
      return child(this.document['x-other-methods'], ['x-other-methods'], code);
    }
    return child(operation.responses, [...template.pointer, method.toLowerCase(), 'responses'], code);
  }

  #resolve<T extends Reference>(found: Found<T>): Found<T> {
    const { $ref } = found.value;
    if ($ref === undefined) return found;
    const pointer = $ref.slice('#/'.length).split('/');
    const value = pointer.reduce<unknown>(
      (at, name) => (at as Record<string, unknown> | undefined)?.[name],
      this.document,
    );
    if (value === undefined) throw new Error(`The document has nothing at ${$ref}`);
    return { pointer, value: value as T };
  }

  #headerProblems({ pointer, value: { headers = {} } }: Found<ResponseObject>, answer: Answer): readonly string[] {
    const described = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const foreign = Object.keys(answer.headers).filter(
      (name) => !described.has(name.toLowerCase()) && !UNDESCRIBED_HEADERS.has(name.toLowerCase()),
    );
    const wrong = Object.entries(headers).flatMap(([name, reference]) => {
      const header = this.#resolve({ pointer: [...pointer, 'headers', name], value: reference });
      const sent = answer.headers[name.toLowerCase()];
      if (sent === undefined) return header.value.required === true ? [`the header ${name} is missing`] : [];
      const text = String(sent);
      const validate = this.schemaAt([...header.pointer, 'schema']);
      const isNumber = header.value.schema?.type === 'integer' && /^\d+$/.test(text);
      return validate(isNumber ? Number(text) : text) ? [] : [`the header ${name} ${errorsOf(validate)}`];
    });
    return [...foreign.map((name) => `the header ${name} is not documented`), ...wrong];
  }

  #bodyProblems({ pointer, value: { content = {} } }: Found<ResponseObject>, answer: Answer): readonly string[] {
    const sent = typeof answer.headers['content-type'] === 'string' ? answer.headers['content-type'] : '';
    const types = Object.keys(content);
    if (types.length === 0)
      return sent === '' && answer.body === '' ? [] : ['there should be no body, but there is one'];
    // SCIM's own type comes without charset; compliance suites compare it as it stands.
    const type = types.find((one) => sent === one || (one !== SCIM_MEDIA_TYPE && sent.split(';')[0] === one));
    if (type === undefined)
      return [`the body is ${sent === '' ? 'without media type' : sent}, not ${types.join(' or ')}`];
    if (answer.method === 'HEAD') return [];
    const validate = this.schemaAt([...pointer, 'content', type, 'schema'], asksForPart(answer) ? 'part' : 'whole');
    const body = type.endsWith('json') ? parsed(answer.body) : answer.body;
    if (body === undefined) return ['the body is no JSON'];
    return validate(body) ? [] : [`the body ${errorsOf(validate)}`];
  }
}

function withoutOwnNames(document: OpenApiDocument): OpenApiDocument {
  const { components } = document;
  const { Profile } = components.schemas;
  const properties = { ...Profile?.properties, ...Object.fromEntries(OWN_NAMES.map((name) => [name, false])) };
  const schemas = { ...components.schemas, Profile: { ...Profile, properties } };
  return { ...document, components: { ...components, schemas } };
}

/**
 * An answer may leave required attributes out only where the request chose them: schemas called `…Answer` are the whole
 * resource or a part of it, and without `attributes` or `excludedAttributes` nothing but the first counts.
 */
function withoutParts(document: OpenApiDocument): OpenApiDocument {
  const { components } = document;
  const schemas = Object.fromEntries(
    Object.entries(components.schemas).map(([name, schema]) => [
      name,
      name.endsWith('Answer') && schema.anyOf !== undefined ? { anyOf: schema.anyOf.slice(0, 1) } : schema,
    ]),
  );
  return { ...document, components: { ...components, schemas } };
}

/** `.search` names attributes in its body, every other request in its query. */
function asksForPart({ url, search }: Answer): boolean {
  const inQuery = [...new URLSearchParams(url.split('?')[1] ?? '').keys()];
  const names = search === '' ? inQuery : Object.keys(Object(parsed(search)) as object);
  return names.some((name) => /^(excludedA|a)ttributes$/i.test(name));
}

/** Addresses are read in any letter case, with and without a slash at the end. */
function patternOf(template: string, server: string, isAnyDepth: boolean): RegExp {
  const base = new URL(server).pathname.replace(/\/$/, '');
  const literal = `${base}${template}`.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  const pattern = literal.replace(/\{\w+\}/g, isAnyDepth ? '.+' : '[^/]+');
  return new RegExp(`^${pattern}/?$`, 'i');
}

function parametersIn(template: string): number {
  return template.split('{').length;
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/i, '').split('?')[0] ?? '';
}

function child<T>(parent: Readonly<Record<string, T>> | undefined, pointer: readonly string[], name: string) {
  const value = parent?.[name];
  return value === undefined ? undefined : { pointer: [...pointer, name], value };
}

function statusesOf(operation: unknown): readonly string[] {
  return Object.keys((operation as { readonly responses?: Responses } | undefined)?.responses ?? {});
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Places and rules, each once however many entries of a list break it. ajv's texts quote the schema, not the value. */
export function errorsOf({ errors }: Pick<ValidateFunction, 'errors'>): string {
  const texts = (errors ?? []).map(({ instancePath, message, params }) => {
    const place = instancePath.replace(/\/\d+(?=\/|$)/g, '/*');
    const { additionalProperty, unevaluatedProperty } = params as Readonly<Record<string, string | undefined>>;
    const name = additionalProperty ?? unevaluatedProperty;
    return `${place === '' ? '' : `${place} `}${message ?? 'is wrong'}${name === undefined ? '' : ` (${name})`}`;
  });
  return [...new Set(texts)].join(', ');
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
