import { z } from 'zod';
import type { Call } from '../provisioning/call.js';
import type { EmailMatch } from '../provisioning/directory.js';
import { Failure } from '../provisioning/failure.js';
import type { Client } from './client.js';
import { idShape, UNKNOWN_ACCOUNT } from './confluenceShapes.js';
import type { Answer, Operation } from './operation.js';
import { fail, isAnonymous, lacksScope, outcomeUnknown, readJson, says, unreadable } from './responses.js';
import { operation } from './rights.js';
import { createJiraUser } from './writes.js';

const SEARCH = operation('jira.searchUsers', 'read', 'jiraUsers', 'search the people of the site');
const CREATE = operation('jira.createUser', 'once', 'jiraUsers', 'create people');
const PERMISSIONS = operation('jira.getMyPermissions', 'read', 'jiraUsers', 'read its own permissions');

const HITS = 100;

const foundShape = z.object({
  accountId: idShape,
  accountType: z.string().nullish(),
  emailAddress: z.string().nullish(),
  active: z.boolean().nullish(),
});

/**
 * `GET /rest/api/3/user/search`, which matches the beginnings of names and addresses of active people. A hit whose
 * address is hidden may be anybody: only one that shows this very address counts.
 */
export async function findByEmail(client: Client, email: string, call: Call): Promise<EmailMatch> {
  const message = {
    method: 'GET',
    path: '/rest/api/3/user/search',
    query: { query: email, maxResults: HITS },
  } as const;
  const answer = await client.send(SEARCH, message, call);
  if (says(answer, 404)) throw noJira(SEARCH, answer);
  const wanted = email.toLowerCase();
  const hits = readJson(SEARCH, answer, 200, z.array(foundShape)).filter(
    (person) =>
      person.emailAddress?.toLowerCase() === wanted &&
      person.accountType !== 'app' &&
      person.accountType !== 'customer' &&
      person.accountId !== UNKNOWN_ACCOUNT,
  );
  const [first, second] = hits;
  if (first === undefined) return { kind: 'none' };
  if (second !== undefined) return { kind: 'several' };
  return {
    kind: 'one',
    accountId: first.accountId,
    accountStatus:
      first.active === undefined || first.active === null ? 'unknown' : first.active ? 'active' : 'inactive',
    suspended: false,
    groupIds: undefined,
  };
}

/**
 * `POST /rest/api/3/user` without products. Jira is known to create the person and still answer with an error, and it
 * answers 400 for a person who is already there; so after any other answer than 201 the address is looked up again.
 */
export async function createAccount(
  client: Client,
  email: string,
  call: Call,
): Promise<{ readonly accountId: string; readonly granted: boolean }> {
  try {
    return { accountId: await create(client, email, call), granted: false };
  } catch (error) {
    const match = await findByEmail(client, email, call).catch(() => undefined);
    if (match?.kind === 'one') return { accountId: match.accountId, granted: false };
    throw outcomeUnknown(Failure.from(error));
  }
}

async function create(client: Client, email: string, call: Call): Promise<string> {
  const answer = await client.send(CREATE, createJiraUser(email), call);
  if (says(answer, 404)) throw noJira(CREATE, answer);
  if (says(answer, 400)) {
    const sentence =
      'Atlassian creates no account for this address: it is not valid, no licence is free, or an account has it and hides it from the bridge. ' +
      'Ask an Atlassian admin to invite the person, or have the operator connect the account that exists with "confluence-scim-bridge link EMAIL ACCOUNT"; then send it again.';
    throw fail('refused', sentence, CREATE, answer);
  }
  const { accountId, emailAddress } = readJson(CREATE, answer, 201, foundShape);
  if (accountId === UNKNOWN_ACCOUNT || (emailAddress && emailAddress.toLowerCase() !== email.toLowerCase())) {
    throw unreadable(CREATE, answer, 'not the account of the address');
  }
  return accountId;
}

/**
 * What the site credential is in Jira. `none` also where the site has no Jira, or none that lets this account in;
 * `refused` where Jira does not know the token, and `lacksScope` where it was made without the scope of the question.
 */
export type JiraAccess = 'none' | 'refused' | 'lacksScope' | 'user' | 'admin';

/**
 * `GET /rest/api/3/mypermissions?permissions=ADMINISTER`.
 *
 * @throws Failure `unavailable` or `rateLimited` when Jira does not say, which is not the same as no Jira
 */
export async function jiraAccess(client: Client, call: Call): Promise<JiraAccess> {
  const message = { method: 'GET', path: '/rest/api/3/mypermissions', query: { permissions: 'ADMINISTER' } } as const;
  const answer = await client.send(PERMISSIONS, message, call);
  if (lacksScope(answer)) return 'lacksScope';
  if (answer.status === 401 || isAnonymous(answer)) return 'refused';
  // A site without Jira answers with a page or a redirect.
  if (answer.status >= 300 && answer.status < 500 && answer.status !== 408 && answer.status !== 429) return 'none';
  const shape = z.object({ permissions: z.object({ ADMINISTER: z.object({ havePermission: z.boolean() }) }) });
  return readJson(PERMISSIONS, answer, 200, shape).permissions.ADMINISTER.havePermission ? 'admin' : 'user';
}

function noJira(asked: Operation, answer: Answer) {
  const sentence = 'The site does not offer Jira to the bridge any more. The operator should check the Jira app.';
  return fail('misconfigured', sentence, asked, answer);
}
