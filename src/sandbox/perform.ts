import type { Request } from 'express';
import type { CallInProgress } from './calls.js';
import { authorize, type Entrance } from './credentials.js';
import { errorBody, htmlPage, Refusal } from './errors.js';
import type { Answer, Route } from './http.js';
import { settleInvitations, type Site } from './site.js';

/** Does what a call asks for, or answers why not, as Atlassian would. */
export async function perform(
  site: Site,
  route: Route,
  entrance: Entrance,
  call: CallInProgress,
  text: string,
  request: Request,
): Promise<Answer> {
  call.isServed = true;
  if (route.surface === 'jira' && !site.options.jira) {
    return { status: 404, body: htmlPage(404), contentType: 'text/html' };
  }
  settleInvitations(site);
  try {
    const { cloudId, ...params } = request.params as Record<string, string>;
    if (cloudId !== undefined && cloudId !== site.credentials.cloudId) {
      throw new Refusal(404, 'Not Found', { body: errorBody('gateway', 404, 'Not Found') });
    }
    const headers = authorize(route, call.credential, entrance, site.options);
    if (route.surface === 'confluence v1' && route.isWrite && request.headers['x-atlassian-token'] !== 'no-check') {
      throw new Refusal(403, 'XSRF check failed', { body: 'XSRF check failed' });
    }
    checkBody(route, text, call.body, request.headers['content-type']);
    const query = new URL(request.originalUrl, site.url()).searchParams;
    checkQuery(route, query);
    const isAnonymous = call.credential === 'none' || call.credential === 'unknown';
    const answer = await route.answer({ params, query, body: call.body, isAnonymous });
    return { ...answer, headers: { ...headers, ...answer.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, message, details } = error;
    return {
      status,
      body: details.body ?? errorBody(route.surface, status, message, details.code),
      headers: details.headers ?? {},
    };
  }
}

/** @throws Refusal 415 without a JSON media type, or for an empty body on the Organizations API; 400 for broken JSON */
function checkBody(route: Route, text: string, body: unknown, contentType: string | undefined): void {
  if (route.takesBody !== true) return;
  const isEmpty = text === '' && route.surface === 'organization';
  if (isEmpty || !/^application\/json\b/i.test(contentType ?? '')) {
    throw new Refusal(415, 'The body must be application/json.');
  }
  if (text !== '' && body === undefined) throw new Refusal(400, 'The body is not JSON.');
}

function checkQuery(route: Route, query: URLSearchParams): void {
  for (const name of new Set(query.keys())) {
    if (route.query?.includes(name) !== true) throw new Refusal(400, `Unknown query parameter '${name}'.`);
    if (query.getAll(name).length > 1 && route.repeatable?.includes(name) !== true) {
      throw new Refusal(400, `Query parameter '${name}' is given more than once.`);
    }
  }
}
