import { type Request, type RequestHandler, Router } from 'express';
import type { Call } from '../provisioning/call.js';
import type { Bridge, ScimContext } from './context.js';
import { guarded } from './context.js';
import { findGroups, listGroups } from './groupLists.js';
import { listResponse } from './listResponse.js';
import { parseProjection, project } from './projection.js';
import { type ListQuery, readSearchRequest } from './queryParameters.js';
import { findUsers, listUsers } from './userLists.js';

/** `POST /Users/.search`, `/Groups/.search` and `/.search` (RFC 7644 §3.4.3, rule LI4). */
export function search(contextOf: (request: Request) => ScimContext): RequestHandler {
  const router = Router();
  const answering =
    (list: (query: ListQuery, bridge: Bridge, call: Call) => Promise<object>): RequestHandler =>
    async (request, response) => {
      const context = contextOf(request);
      response.send(await guarded(context, () => list(readSearchRequest(request.body), context.bridge, context.call)));
    };
  router.post('/Users/.search', answering(listUsers));
  router.post('/Groups/.search', answering(listGroups));
  router.post('/.search', answering(searchAll));
  return router;
}

/** Users, then Groups, as one list with one window. */
async function searchAll(query: ListQuery, bridge: Bridge, call: Call): Promise<object> {
  const ofUser = parseProjection(query.projection, 'User');
  const ofGroup = parseProjection(query.projection, 'Group');
  const users = await findUsers(query, bridge, call);
  const startIndex = Math.max(1, query.startIndex - users.total);
  const count = query.count - users.resources.length;
  const groups = await findGroups({ ...query, startIndex, count }, ofGroup, bridge, call);
  return listResponse(users.total + groups.total, query.startIndex, [
    ...users.resources.map((user) => project(user, ofUser)),
    ...groups.resources.map((group) => project(group, ofGroup)),
  ]);
}
