import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { CheckResult, Mode } from './results.js';
import { environmentFor, LIMIT_MS, type Target, type Tools } from './target.js';

/** The parts of a SCIM answer that are looked at; the client has validated the whole against its models. */
const answer = z.looseObject({
  id: z.string().optional(),
  status: z.string().optional(),
  userName: z.string().optional(),
  displayName: z.string().optional(),
  externalId: z.string().optional(),
  active: z.boolean().optional(),
  totalResults: z.number().optional(),
  members: z.array(z.looseObject({ value: z.string(), type: z.string() })).optional(),
});
type Answer = z.infer<typeof answer>;

/** What a command is to end with: success, whose answer says this (nothing for an empty one), or a SCIM error. */
type Wanted = { readonly says: (body: Answer) => boolean } | { readonly empty: true } | { readonly error: number };

/**
 * Uses scim2-cli as an independent client: its commands as a person types them, on users and on groups. A check passes
 * when the command's exit code and its output are as wanted; the client itself refuses answers that do not fit its models.
 */
export async function checkWithScim2Cli(target: Target, mode: Mode, tools: Tools): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const env = {
    ...environmentFor(target),
    SCIM_CLI_URL: target.url,
    SCIM_CLI_HEADERS: `Authorization: Bearer ${target.token}`,
    SCIM_CLI_SCHEMAS: join(tools.root, 'tests/compliance/schemas/client.json'),
  };
  const check = async (name: string, args: readonly string[], wanted: Wanted, input?: object): Promise<Answer> => {
    const finished = await tools.processes.run(join(tools.bin, 'scim2'), args, {
      env,
      cwd: tools.folder,
      timeoutMs: LIMIT_MS,
      input: input === undefined ? '' : JSON.stringify(input),
    });
    const body = finished.out.trim() === '' ? undefined : answer.safeParse(parseJson(finished.out)).data;
    const passed = isAsWanted(finished.code, body, wanted);
    const detail = passed ? '' : `exit ${finished.code}: ${(finished.err + finished.out).slice(0, 300)}`;
    results.push({ check: name, outcome: passed ? 'passed' : 'failed', detail });
    return body ?? {};
  };

  const name = `compliance-${randomUUID().slice(0, 8)}`;
  const profileIsRefused: Wanted = { error: 501 };
  const renamed: Wanted = { says: ({ displayName }) => displayName === 'Grace' };

  const user = await check('create user', ['create', 'user', '--user-name', name, '--external-id', 'e1'], {
    says: (body) => body.userName === name && body.externalId === 'e1' && body.active === true,
  });
  const id = user.id ?? 'none';
  const isTheUser = { says: (body: Answer) => body.id === id };
  await check('create user again', ['create', 'user', '--user-name', name.toUpperCase()], { error: 409 });
  await check('query user', ['query', 'user', id], isTheUser);
  await check('query user --attribute', ['query', 'user', id, '--attribute', 'userName'], {
    says: (body) => body.userName === name && body.active === undefined,
  });
  const byName = `userName eq "${name}"`;
  await check('query user --filter', ['query', 'user', '--filter', byName], { says: hasOne });
  await check('query user --count 0', ['query', 'user', '--count', '0'], {
    says: ({ totalResults = 0 }) => totalResults > 0,
  });
  await check('search', ['search', '--filter', byName], { says: hasOne });
  await check('query user, unknown', ['query', 'user', 'nobody'], { error: 404 });
  await check('modify user, active', ['modify', 'user', id, 'replace', 'active', 'false'], {
    says: ({ active }) => active === false,
  });
  await check(
    'modify user, profile',
    ['modify', 'user', id, 'replace', 'displayName', 'Grace'],
    mode === 'record' ? renamed : profileIsRefused,
  );
  await check('replace user, active', ['replace', 'user', '--id', id, '--user-name', name, '--active', 'true'], {
    says: ({ active }) => active === true,
  });
  await check('replace user, profile', ['replace', 'user'], mode === 'reject' ? profileIsRefused : renamed, {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    id,
    userName: name,
    displayName: 'Grace',
  });

  const group = await check('create group', ['create', 'group', '--display-name', name], {
    says: ({ displayName }) => displayName === name,
  });
  const groupId = group.id ?? 'none';
  const hasMembers = (count: number): Wanted => ({ says: ({ members = [] }) => members.length === count });
  await check('create group again', ['create', 'group', '--display-name', name], { error: 409 });
  await check(
    'modify group, add members',
    ['modify', 'group', groupId, 'add', 'members', JSON.stringify([{ value: id }])],
    { empty: true },
  );
  await check('query group', ['query', 'group', groupId], {
    says: ({ members = [] }) => members.some(({ value, type }) => value === id && type === 'User'),
  });
  await check(
    'modify group, unknown member',
    ['modify', 'group', groupId, 'add', 'members', JSON.stringify([{ value: 'nobody' }])],
    { error: 400 },
  );
  await check('modify group, remove member', ['modify', 'group', groupId, 'remove', `members[value eq "${id}"]`], {
    empty: true,
  });
  await check('query group, member removed', ['query', 'group', groupId], hasMembers(0));
  await check(
    'replace group',
    ['replace', 'group', '--id', groupId, '--display-name', name, '--members', JSON.stringify([{ value: id }])],
    hasMembers(1),
  );
  await check('query group --filter', ['query', 'group', '--filter', `displayName eq "${name}"`], { says: hasOne });
  await check('delete group', ['delete', 'group', groupId], { empty: true });
  await check('delete user', ['delete', 'user', id], { empty: true });
  await check('delete user again', ['delete', 'user', id], { error: 404 });
  await check('query user, deleted', ['query', 'user', '--filter', byName], {
    says: ({ totalResults }) => totalResults === 0,
  });
  return results;
}

function hasOne({ totalResults }: Answer): boolean {
  return totalResults === 1;
}

/** scim2-cli prints a SCIM error as it was answered, and exits with 1. */
function isAsWanted(code: number, body: Answer | undefined, wanted: Wanted): boolean {
  if ('error' in wanted) return code === 1 && body?.status === String(wanted.error);
  if (code !== 0) return false;
  return 'empty' in wanted ? body === undefined : body !== undefined && wanted.says(body);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The client printed words instead of an answer: what is wanted will not be found in it.
    return undefined;
  }
}
