import type { ApiDocument, ApiOperation, Parameter } from './document.js';
import type { Place } from './place.js';
import type { Exchange } from './recorder.js';
import { strangers, typesOf } from './schema.js';

/** What a document says of one call and its answer. */
export interface Verdict {
  readonly operation: ApiOperation | undefined;
  /** Empty when the call is as documented. */
  readonly call: readonly string[];
  /** Empty when the answer is as documented. */
  readonly answer: readonly string[];
}

export interface Strictness {
  /** Whether the document names all fields of answers, so that others are invented; ours names those that are read. */
  readonly answersAreWhole: boolean;
}

/** @param pathname of the call, with what the document does not know taken off */
export function judge(
  document: ApiDocument,
  exchange: Exchange,
  { answersAreWhole }: Strictness,
  pathname = pathnameOf(exchange),
): Verdict {
  const operation = document.find(exchange.method, pathname);
  if (operation === undefined) return { operation, call: ['there is no such operation'], answer: [] };
  return {
    operation,
    call: [
      ...queryProblems(document, operation, exchange),
      ...headerProblems(document, operation, exchange),
      ...pathProblems(document, operation, pathname),
      ...bodyProblems(document, operation, exchange),
    ],
    answer: answerProblems(document, operation, exchange, answersAreWhole),
  };
}

export function pathnameOf({ path }: Exchange): string {
  return new URL(path, 'http://host').pathname;
}

function queryProblems(document: ApiDocument, { parameters }: ApiOperation, { path }: Exchange): readonly string[] {
  const query = new URL(path, 'http://host').searchParams;
  const known = parameters.filter((parameter) => parameter.in === 'query');
  const missing = known.filter(({ name, isRequired }) => isRequired && !query.has(name));
  return [
    ...missing.map(({ name }) => `the query parameter ${name} is missing`),
    ...[...new Set(query.keys())].flatMap((name) => {
      const parameter = known.find((one) => one.name === name);
      if (parameter === undefined) return [`the query parameter ${name} is not known`];
      return problemsOfText(document, parameter, query.getAll(name));
    }),
  ];
}

function headerProblems(
  document: ApiDocument,
  operation: ApiOperation,
  { requestHeaders, scheme }: Exchange,
): readonly string[] {
  const schemes = document.schemesOf(operation);
  const sent = scheme?.toLowerCase() ?? 'none';
  return [
    ...(schemes.includes(sent) ? [] : [`the credential is ${sent}, not ${schemes.join(' or ')}`]),
    ...operation.parameters
      .filter((parameter) => parameter.in === 'header')
      .flatMap((parameter) => {
        const text = requestHeaders[parameter.name.toLowerCase()];
        if (text !== undefined) return problemsOfText(document, parameter, [text]);
        return parameter.isRequired ? [`the header ${parameter.name} is missing`] : [];
      }),
  ];
}

function pathProblems(document: ApiDocument, { parameters, path }: ApiOperation, pathname: string): readonly string[] {
  const parts = pathname.split('/').slice(-path.split('/').length + 1);
  return path
    .split('/')
    .slice(1)
    .flatMap((part, index) => {
      const name = /^\{(.*)\}$/.exec(part)?.[1];
      if (name === undefined) return [];
      const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
      if (parameter === undefined) return [`the path parameter ${name} is not described`];
      return problemsOfText(document, parameter, [decodeURIComponent(parts[index] ?? '')]);
    });
}

/** Parameters are text on the wire; what a schema says is about the values they stand for. */
function problemsOfText(document: ApiDocument, { name, schema }: Parameter, texts: readonly string[]) {
  const [text = ''] = texts;
  const isList = typesOf(schema).includes('array');
  if (!isList && texts.length > 1) return [`the parameter ${name} is given more than once`];
  const value = isList ? texts.flatMap((one) => one.split(',')) : valueOf(schema, text);
  return document.check(schema, value).map((problem) => `the parameter ${name} ${problem}`);
}

function valueOf(schema: Place, text: string): unknown {
  const types = typesOf(schema);
  if (types.includes('number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function bodyProblems(
  document: ApiDocument,
  { place }: ApiOperation,
  { requestBody, requestHeaders }: Exchange,
): readonly string[] {
  const body = place.at('requestBody');
  if (body === undefined) return requestBody === '' ? [] : ['there is a body where none is described'];
  if (requestBody === '') return body.is('required') ? ['the body is missing'] : [];
  const schema = body.at('content', 'application/json', 'schema');
  if (schema === undefined || mediaType(requestHeaders) !== 'application/json') return ['the body is of another type'];
  const value: unknown = JSON.parse(requestBody);
  return [
    ...document.check(schema, value),
    ...strangers([schema], value).map((path) => `${path} is not a known property`),
  ].map((problem) => `body ${problem}`);
}

function answerProblems(
  document: ApiDocument,
  operation: ApiOperation,
  { status, answerBody, answerHeaders }: Exchange,
  answersAreWhole: boolean,
): readonly string[] {
  const response = responseOf(operation, status);
  if (response === undefined) return [`${status} is not documented`];
  const content = response.at('content')?.entries() ?? [];
  const missing = (response.at('headers')?.entries() ?? [])
    .filter(([name, header]) => header.is('required') && !(name.toLowerCase() in answerHeaders))
    .map(([name]) => `${status} lacks the header ${name}`);
  // Atlassian's documents are silent about the bodies of most refusals; a success without content has none.
  if (content.length === 0) return status < 300 && answerBody !== '' ? [...missing, `${status} has a body`] : missing;
  const type = mediaType(answerHeaders);
  const schema = response.at('content', type, 'schema');
  if (schema === undefined) return [...missing, `${status} is ${type === '' ? 'without a body' : type}`];
  const value: unknown = type === 'application/json' ? JSON.parse(answerBody) : answerBody;
  return [
    ...missing,
    ...document.check(schema, value).map((problem) => `${status} ${problem}`),
    ...(answersAreWhole ? strangers([schema], value).map((path) => `${status} ${path} is not a known property`) : []),
  ];
}

/** What an operation documents of a status: itself, else its kind. */
export function responseOf({ responses }: ApiOperation, status: number | string): Place | undefined {
  const text = String(status);
  return responses.get(text) ?? responses.get(`${text.slice(0, 1)}XX`);
}

function mediaType(headers: Readonly<Record<string, string>>): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}
