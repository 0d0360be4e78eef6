import { Refusal } from './errors.js';
import type { Route } from './http.js';
import type { Site } from './site.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** User management REST API, `/users/{accountId}/manage`, of which only the list of API tokens. */
export function accountRoutes({ state, admin, options, now }: Site): readonly Route[] {
  return [
    {
      operation: 'organization.listApiTokens',
      method: 'GET',
      path: '/users/:accountId/manage/api-tokens',
      surface: 'organization',
      isWrite: false,
      answer({ params }) {
        const person = state.people.get(params['accountId'] ?? '');
        if (person === undefined) throw new Refusal(404, 'Not found', { body: { key: 'notFound' } });
        if (!person.managed || person.accountType === 'app') {
          const context = { allowed: false, reason: { key: 'managedAccount' } };
          throw new Refusal(403, 'Forbidden', { body: { key: 'forbidden.action', context } });
        }
        const days = person.accountId === admin.accountId ? options.tokensExpireInDays : [];
        return {
          status: 200,
          body: days.map((left, at) => ({
            id: `token-${at}`,
            label: `Token ${at}`,
            createdAt: new Date(now()).toISOString(),
            ...(left === undefined ? {} : { expiry: new Date(now() + left * DAY_MS).toISOString() }),
          })),
        };
      },
    },
  ];
}
