import { emailField, shownName, shownStatus } from './confluenceJson.js';
import { Refusal } from './errors.js';
import { bodyWith, isEmail, isTextList, type Route, type SandboxRequest } from './http.js';
import { hasAccess, settleInvitations, type Site } from './site.js';

const MOST_ACCOUNTS = 250;
const MOST_EMAILS = 100;

/** Confluence Cloud REST v2, `/wiki/api/v2`: bulk look-up of users, access by e-mail, invitations. */
export function confluenceV2Routes(site: Site): readonly Route[] {
  const { state, options, invitations } = site;

  return [
    {
      operation: 'confluence.usersBulk',
      method: 'POST',
      path: '/wiki/api/v2/users-bulk',
      surface: 'confluence v2',
      isWrite: false,
      takesBody: true,
      answer(request) {
        const { accountIds } = bodyWith(request, ['accountIds']);
        if (!isTextList(accountIds) || accountIds.length === 0 || accountIds.length > MOST_ACCOUNTS) {
          throw new Refusal(400, `accountIds must hold 1 to ${MOST_ACCOUNTS} account ids.`, {
            code: 'INVALID_REQUEST_PARAMETER',
          });
        }
        // Atlassian promises no order. The sandbox takes one that no caller expects.
        const found = [...new Set(accountIds)].sort().flatMap((id) => state.people.get(id) ?? []);
        const results = found.map((person) => ({
          displayName: shownName(site, person),
          timeZone: null,
          personalSpaceId: null,
          isExternalCollaborator: false,
          accountStatus: shownStatus(site, person),
          accountId: person.accountId,
          ...emailField(site, person),
          accountType: person.accountType,
          publicName: person.displayName,
          profilePicture: { path: `/wiki/aa-avatar/${person.accountId}`, isDefault: true },
        }));
        return { status: 200, body: { results, _links: { base: `${site.url()}/wiki` } } };
      },
    },
    {
      operation: 'confluence.checkAccessByEmail',
      method: 'POST',
      path: '/wiki/api/v2/user/access/check-access-by-email',
      surface: 'confluence v2',
      isWrite: false,
      takesBody: true,
      answer(request) {
        const emails = emailsOf(request);
        const valid = emails.filter(isEmail);
        const isPromised = (email: string): boolean =>
          options.inviteGrantsAccessFirst && invitations.has(email.toLowerCase());
        return {
          status: 200,
          body: {
            emailsWithoutAccess: valid.filter((email) => !hasAccess(site, email) && !isPromised(email)),
            invalidEmails: emails.filter((email) => !isEmail(email)),
            // Sent by Atlassian, in no document.
            noAccessEmails: [],
          },
        };
      },
    },
    {
      operation: 'confluence.inviteByEmail',
      method: 'POST',
      path: '/wiki/api/v2/user/access/invite-by-email',
      surface: 'confluence v2',
      isWrite: true,
      takesBody: true,
      answer(request) {
        for (const email of emailsOf(request)) {
          if (!isEmail(email) || hasAccess(site, email)) continue;
          invitations.set(email.toLowerCase(), { email, dueAtMs: dueAtMs(site) });
        }
        settleInvitations(site);
        return { status: 200 };
      },
    },
  ];
}

function emailsOf(request: SandboxRequest): readonly string[] {
  const { emails } = bodyWith(request, ['emails']);
  if (!isTextList(emails) || emails.length === 0 || emails.length > MOST_EMAILS) {
    throw new Refusal(400, `emails must hold 1 to ${MOST_EMAILS} addresses.`, { code: 'INVALID_REQUEST_PARAMETER' });
  }
  return emails;
}

function dueAtMs({ options: { inviteAppears }, now }: Site): number {
  if (inviteAppears === 'never') return Infinity;
  return inviteAppears === 'at once' ? now() : now() + inviteAppears.afterMs;
}
