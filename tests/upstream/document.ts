import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { Place } from './place.js';
import { modernized } from './schema.js';

/** The module is CommonJS; its types do not say that the function is its default. */
const addFormats = addFormatsModule as unknown as (ajv: Ajv2020) => void;

const METHODS: readonly string[] = ['get', 'put', 'post', 'delete', 'patch'];

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly isRequired: boolean;
  readonly schema: Place;
  readonly place: Place;
}

/** One operation of a document. */
export interface ApiOperation {
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  /** The path of the operation below that of its server, if all of its servers have the same. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The operation itself. */
  readonly place: Place;
  /** By status; `5XX` stands for all of its kind. */
  readonly responses: ReadonlyMap<string, Place>;
  /** Whether a call to this address is one of it. */
  readonly matches: (method: string, pathname: string) => boolean;
}

/** An OpenAPI document, 3.0 or 3.1. */
export interface ApiDocument {
  readonly operations: readonly ApiOperation[];
  /** The operation a call belongs to; a path without variables goes before one with. */
  find(method: string, pathname: string): ApiOperation | undefined;
  /** What is wrong with a value, list positions left out; empty when the schema takes it. */
  check(schema: Place, value: unknown): readonly string[];
  /** The schemes of `Authorization` that an operation takes, in lower case; `none` where it takes none. */
  schemesOf(operation: ApiOperation): readonly string[];
}

/** @param text parsed JSON or YAML */
export function readDocument(text: unknown): ApiDocument {
  const whole = text as { readonly openapi: string };
  const isOld = whole.openapi.startsWith('3.0');
  const document = isOld ? modernized(whole) : whole;
  const root = Place.root(document);
  // The documents of Atlassian are not written for a validator: formats and words of their own are passed over.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false });
  addFormats(ajv);
  ajv.addSchema(document as object, 'api');

  const operations = (root.at('paths')?.entries() ?? []).flatMap(([path, item]) =>
    item
      .entries()
      .filter(([method]) => METHODS.includes(method))
      .map(([method, place]) => toOperation(root, item, path, method, place)),
  );
  operations.sort((one, other) => variables(one.path) - variables(other.path));

  return {
    operations,
    find: (method, pathname) => operations.find((operation) => operation.matches(method, pathname)),
    check(schema, value) {
      const validate = ajv.getSchema(`api#/${schema.pointer.map(escaped).join('/')}`);
      if (validate === undefined) throw new Error(`There is no schema at ${schema.pointer.join('/')}.`);
      if (validate(value) === true) return [];
      return [...new Set((validate.errors ?? []).map(toProblem))];
    },
    schemesOf({ place }) {
      const requirements = (place.at('security') ?? root.at('security'))?.children() ?? [];
      const schemes = requirements.flatMap((requirement) => {
        const [name] = requirement.entries()[0] ?? [];
        if (name === undefined) return ['none'];
        return root.at('components', 'securitySchemes', name)?.text('scheme') ?? [];
      });
      return schemes.length === 0 ? ['none'] : schemes;
    },
  };
}

function toOperation(root: Place, item: Place, path: string, method: string, place: Place): ApiOperation {
  const servers = place.at('servers') ?? item.at('servers') ?? root.at('servers');
  const prefixes = (servers?.children() ?? []).map((server) => pathOf(server.text('url') ?? ''));
  const patterns = (prefixes.length === 0 ? [''] : prefixes).map((prefix) => toPattern(prefix + path));
  const [common, ...others] = new Set(prefixes);
  return {
    id: place.text('operationId') ?? '',
    method: method.toUpperCase(),
    path: (others.length === 0 ? (common ?? '') : '') + path,
    parameters: [item, place].flatMap((owner) => (owner.at('parameters')?.children() ?? []).map(toParameter)),
    place,
    responses: new Map(place.at('responses')?.entries() ?? []),
    matches: (sent, pathname) =>
      sent === method.toUpperCase() && patterns.some((pattern) => pathname.search(pattern) === 0),
  };
}

function toParameter(place: Place): Parameter {
  const schema = place.at('schema');
  if (schema === undefined) throw new Error(`The parameter ${place.text('name') ?? ''} has no schema.`);
  return {
    name: place.text('name') ?? '',
    in: place.text('in') ?? '',
    isRequired: place.is('required'),
    schema,
    place,
  };
}

/** The path of a server's address, which may lack its scheme and hold variables. */
function pathOf(url: string): string {
  return url.replace(/^(https?:)?\/\/[^/]*/, '').replace(/\/$/, '');
}

function toPattern(path: string): RegExp {
  const literal = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/\{[^}]*\}/g, '[^/]+')}$`);
}

function variables(path: string): number {
  return path.split('{').length;
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function toProblem({ instancePath, message, params }: ErrorObject): string {
  const extra = (params as { readonly additionalProperty?: string }).additionalProperty;
  const place = instancePath.replace(/\/\d+(?=\/|$)/g, '/*');
  return `${place} ${message ?? 'is wrong'}${extra === undefined ? '' : ` (${extra})`}`.trim();
}
