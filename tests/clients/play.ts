import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { z } from 'zod';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { TestBridge } from '../support/bridge.js';
import { sendOverWire, type WireAnswer } from './wire.js';

/** Under which configuration an exchange is played: a back end, or the organization with `DEACTIVATION=suspend`. */
export type Variant = 'organization' | 'jira' | 'invite' | 'suspend';

/** Operations in order; those of an inner list are sent at once or in no particular order. */
const upstream = z.array(z.union([z.string(), z.array(z.string())]));
type Upstream = z.infer<typeof upstream>;

type Json = z.infer<ReturnType<typeof z.json>>;
const body = z.record(z.string(), z.json());

/** Who is where in Confluence, by the local part of the address. */
const state = z.strictObject({
  /** Who can use Confluence: in the access group and not suspended. */
  access: z.array(z.string()),
  /** Who is suspended where deactivation suspends; nobody is elsewhere. */
  suspended: z.array(z.string()).default([]),
  /** By its name in Confluence, every group that SCIM created. */
  groups: z.record(z.string(), z.array(z.string())),
});
type State = z.infer<typeof state>;

const step = z.strictObject({
  title: z.string(),
  /** Where such traffic is documented, when not where the whole exchange is. */
  source: z.string().optional(),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  /** `{name}` here, in the request and in the response is what an earlier step remembered. */
  path: z.string(),
  /** Over those of the exchange. */
  headers: z.record(z.string(), z.string()).default({}),
  request: body.optional(),
  status: z.number(),
  /** What the answer has to hold, and may hold more. */
  response: body.optional(),
  /** Names of attributes the answer must not have. */
  absent: z.array(z.string()).optional(),
  /** A name for a value of the answer, by its path: `id`, `meta.created`, `Resources.0.id`. */
  remember: z.record(z.string(), z.string()).optional(),
  /** One list where all variants agree; else one each, `suspend` like `organization` when absent. */
  upstream: z.union([
    upstream,
    z.strictObject({
      organization: upstream,
      jira: upstream,
      invite: upstream,
      suspend: upstream.optional(),
    }),
  ]),
  /** What the same request gets when it is sent again; the same answer when absent. Never an upstream write. */
  repeat: z.strictObject({ status: z.number(), response: body.optional() }).optional(),
  /** As before when absent. */
  state: state.optional(),
});
export type Step = z.infer<typeof step>;

const exchange = z.strictObject({
  client: z.string(),
  source: z.string(),
  /** Whose token the bridge knows: the name in `SCIM_TOKENS`. */
  caller: z.string(),
  /** What the operator sets for this client, over the defaults. */
  settings: z.record(z.string(), z.string()).default({}),
  /** Who can use Confluence before the first step, with no record in the bridge, by the local part of the address. */
  present: z.array(z.string()).default([]),
  /** Of every request; `bodyHeaders` only of those with a body. */
  headers: z.record(z.string(), z.string()),
  bodyHeaders: z.record(z.string(), z.string()),
  steps: z.array(step),
  /** Who can use Confluence when all is done, by the local part of the address. */
  access: z.array(z.string()),
  /** Every upstream write of the exchange where the accounts of invited people never appear. */
  writesIfNobodyAppears: z.array(z.string()),
});
export type Exchange = z.infer<typeof exchange>;

/** A secret for a caller of that name. */
export function tokenOf(caller: string): string {
  return `${caller}-secret-0123456789abcdef`;
}

/** Reads `tests/clients/exchanges/<name>.json`. @throws ZodError for a field that is misspelt or missing */
export function readExchange(name: string): Exchange {
  return exchange.parse(JSON.parse(readFileSync(new URL(`./exchanges/${name}.json`, import.meta.url), 'utf8')));
}

/**
 * Plays an exchange, every request twice. After the first: status, answer, upstream calls in order, and who is in which
 * group of the sandbox. After the second: the answer that a repeat deserves, no upstream write, the same groups.
 *
 * @param variant undefined looks at the answers and the repeats only, for accounts that appear at another time or never
 * @param afterStep what happens in Atlassian, and in the bridge by itself, between two steps
 * @returns every write that reached Atlassian, in order
 */
export async function play(
  { caller, present, headers, bodyHeaders, steps }: Exchange,
  bridge: TestBridge,
  variant: Variant | undefined,
  afterStep: (step: Step) => Promise<void> = () => Promise.resolve(),
): Promise<readonly string[]> {
  const { sandbox } = bridge;
  const remembered = new Map([['base', 'https://scim.example.com/scim/v2']]);
  const look = spectator(steps, sandbox);
  const writes: string[] = [];
  let expected: State = { access: present, suspended: [], groups: {} };

  for (const one of steps) {
    const { title, request } = one;
    const send = (): Promise<WireAnswer> =>
      sendOverWire(`${bridge.url}/scim/v2`, {
        method: one.method,
        path: filledText(one.path, remembered),
        headers: {
          Authorization: `Bearer ${tokenOf(caller)}`,
          ...headers,
          ...(request === undefined ? {} : bodyHeaders),
          ...one.headers,
        },
        ...(request === undefined ? {} : { body: filled(request, remembered) }),
      });
    sandbox.takeCalls();

    const answer = await send();
    if (answer.status === one.status) {
      for (const [name, path] of Object.entries(one.remember ?? {})) remembered.set(name, textAt(answer.body, path));
    }
    expectAnswer(one, answer, one, remembered);
    if (one.state !== undefined) expected = one.state;
    if (variant !== undefined) {
      const calls = upstreamIn(variant, one);
      expect({ title, upstream: received(sandbox, calls) }).toEqual({ title, upstream: listed(calls) });
      expect({ title, ...look() }).toEqual({ title, ...stateIn(variant, expected) });
    }

    writes.push(...writesIn(sandbox));
    sandbox.takeCalls();
    expectAnswer({ title: `${title}, again` }, await send(), one.repeat ?? one, remembered);
    expect({ title: `${title}, again`, writes: writesIn(sandbox) }).toEqual({ title: `${title}, again`, writes: [] });
    if (variant !== undefined) expect({ title, ...look() }).toEqual({ title, ...stateIn(variant, expected) });

    sandbox.takeCalls();
    await afterStep(one);
    writes.push(...writesIn(sandbox));
  }
  return writes;
}

interface ExpectedAnswer {
  readonly status: number;
  readonly response?: z.infer<typeof body> | undefined;
}

function expectAnswer(
  { title, absent = [] }: { readonly title: string; readonly absent?: readonly string[] | undefined },
  answer: WireAnswer,
  { status, response }: ExpectedAnswer,
  remembered: Remembered,
): void {
  const isError = status >= 400;
  const isEmpty = status === 204;
  expect({ title, status: answer.status, body: answer.body, type: answer.headers['content-type'] }).toEqual({
    title,
    status,
    body: isEmpty ? undefined : expect.objectContaining({}),
    type: isEmpty ? undefined : 'application/scim+json',
  });
  const wanted = {
    ...(isError
      ? { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail: expect.any(String) }
      : {}),
    ...(response === undefined ? {} : (membersSorted(filled(response, remembered)) as Readonly<Record<string, Json>>)),
  };
  if (!isEmpty) {
    expect({ title, body: membersSorted(answer.body) }).toMatchObject({ title, body: wanted });
  }
  for (const name of [...absent, 'password']) expect({ title, body: answer.body }).not.toHaveProperty(['body', name]);
  if (status === 201) expect(answer.headers['location']).toBe(textAt(answer.body, 'meta.location'));
}

/** Members have no order (RFC 7643, section 2.4): theirs and ours are compared by their ids. */
function membersSorted(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value: unknown) =>
    name === 'members' && Array.isArray(value)
      ? value.toSorted((a, b) => textAt(a, 'value').localeCompare(textAt(b, 'value')))
      : value,
  ) as unknown;
}

function writesIn(sandbox: Sandbox): readonly string[] {
  return sandbox.calls.filter((call) => call.isWrite).map((call) => call.operation ?? call.path);
}

/** The calls that arrived; those that have no order among themselves in alphabetical order. */
function received(sandbox: Sandbox, expected: Upstream): readonly string[] {
  const rest = sandbox.calls.map((call) => call.operation ?? `${call.method} ${call.path}`);
  const ordered = expected.flatMap((entry) => rest.splice(0, typeof entry === 'string' ? 1 : entry.length).sort());
  return [...ordered, ...rest];
}

function listed(expected: Upstream): readonly string[] {
  return expected.flatMap((entry) => (typeof entry === 'string' ? [entry] : entry.toSorted()));
}

/** The calls that a step makes under a configuration. */
export function upstreamIn(variant: Variant, { upstream: lists }: Step): Upstream {
  return Array.isArray(lists) ? lists : (lists[variant] ?? lists.organization);
}

function stateIn(variant: Variant, { access, suspended, groups }: State): State {
  return { access, suspended: variant === 'suspend' ? suspended : [], groups };
}

/** Looks at everybody and every group that the exchange ever speaks of, so that nothing is left over unseen. */
function spectator(steps: readonly Step[], sandbox: Sandbox): () => State {
  const states = steps.flatMap((one) => one.state ?? []);
  const names = new Set(states.flatMap(({ groups }) => Object.keys(groups)));
  const ownIds = [sandbox.admin.accountId, sandbox.appAccountId];
  const membersOf = (groupId: string) =>
    sandbox
      .membersOf(groupId)
      .filter((id) => !ownIds.includes(id))
      .map((id) => sandbox.person(id));
  const called = (people: ReturnType<typeof membersOf>) => people.map(({ email }) => email.split('@')[0] ?? '').sort();
  const everybody = new Set(states.flatMap(({ access, groups }) => [...access, ...Object.values(groups).flat()]));

  return () => {
    const groups = [...names].flatMap((name) => {
      const group = sandbox.findGroupByName(name);
      return group === undefined ? [] : [[name, called(membersOf(group.id))] as const];
    });
    return {
      access: called(membersOf(sandbox.groups.access.id).filter((person) => !person.suspended)),
      suspended: called(
        [...everybody].flatMap((name) => {
          const person = sandbox.findPersonByEmail(`${name}@example.com`);
          return person?.suspended === true ? [person] : [];
        }),
      ),
      groups: Object.fromEntries(groups),
    };
  };
}

type Remembered = ReadonlyMap<string, string>;

function filledText(text: string, remembered: Remembered): string {
  return text.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = remembered.get(name);
    if (value === undefined) throw new Error(`No step before remembers {${name}}.`);
    return value;
  });
}

function filled(value: Json, remembered: Remembered): Json {
  if (typeof value === 'string') return filledText(value, remembered);
  if (Array.isArray(value)) return value.map((entry) => filled(entry, remembered));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [filledText(name, remembered), filled(inner, remembered)]),
  );
}

function textAt(value: unknown, path: string): string {
  const found = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], value);
  if (typeof found !== 'string') throw new Error(`The answer has no text at ${path}.`);
  return found;
}
