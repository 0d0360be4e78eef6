import type { BackEnd } from '../provisioning/directory.js';

const GROUP_CALLS = [
  'POST   /wiki/rest/api/group                                 the group of the test',
  'GET    /wiki/rest/api/group/picker                          until it shows',
  'GET    /wiki/rest/api/group?accessType=                     it must grant nothing, or the test stops',
  'POST   /wiki/rest/api/group/userByGroupId                   your own account, twice',
  'GET    /wiki/rest/api/group/{id}/membersByGroupId           until it shows, and until it is gone',
  'GET    /wiki/rest/api/user/memberof                         the same',
  'GET    /rest/api/3/mypermissions                            your own rights must not have grown',
  'DELETE /wiki/rest/api/group/userByGroupId                   your own account, twice',
  'DELETE /wiki/rest/api/group/by-id                           the group of the test',
  'GET    /wiki/rest/api/group/by-id                           until it is gone',
];

const CREATION: Readonly<Record<BackEnd, readonly string[]>> = {
  organization: [
    'POST   /admin/v2/orgs/{id}/directories/-/users/search       whether the person has an account',
    'POST   /admin/v2/orgs/{id}/users/invite                     the person, into the access group, no mail',
    'POST   /wiki/rest/api/group/userByGroupId                   the same, for an account that is there',
  ],
  jira: [
    'GET    /rest/api/3/user/search                              whether the person has an account',
    'POST   /rest/api/3/user                                     the person; Atlassian sends a mail',
    'POST   /wiki/rest/api/group/userByGroupId                   the person, into the access group',
  ],
  invite: [
    'POST   /wiki/api/v2/user/access/invite-by-email             the person; Atlassian sends a mail',
    'GET    /wiki/rest/api/group/{id}/membersByGroupId           until the person appears in the access group',
  ],
};

const ACCESS_CALLS = [
  'POST   /wiki/api/v2/user/access/check-access-by-email       until access shows, and until it is gone',
  'GET    /wiki/rest/api/user/memberof                         the same',
  'DELETE /wiki/rest/api/group/userByGroupId                   the person, out of every group that grants access',
];

/** What a write test is about to do. */
export interface Plan {
  readonly backEnd: BackEnd;
  readonly site: string;
  readonly groupName: string;
  readonly person: { readonly email: string; readonly accessGroup: string } | undefined;
}

/** The calls of a test, for the operator to read before any of them is sent. */
export function toText({ backEnd, site, groupName, person }: Plan): string {
  const lines = (calls: readonly string[]): string[] => calls.map((call) => `  ${call}`);
  return [
    `The write test makes the group "${groupName}" on ${site} and deletes it again:`,
    ...lines(GROUP_CALLS),
    ...(person === undefined
      ? []
      : [
          `Then it gives ${person.email} access through "${person.accessGroup}" (this may take a seat for a minute) and takes it again; the account itself stays:`,
          ...lines([...CREATION[backEnd], ...ACCESS_CALLS]),
        ]),
    '',
  ].join('\n');
}
