import { ECHOES, type EchoingSite } from './echo.js';
import { GROUP_NAME, PERSON, SECRETS } from './marks.js';

const USER_URN = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP_URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_URN = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const SEARCH_URN = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** An answer of the bridge, with who asked for it. */
export interface Heard {
  readonly caller: 'okta' | 'entra' | 'guessed' | undefined;
  readonly status: number;
  /** Status line, headers and body. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Ask = (method: string, path: string, body?: unknown) => Promise<Heard>;

/** Speaks to a bridge at an address as one caller. */
export function speaker(url: string, caller: Heard['caller'], token?: string): Ask {
  const authorization = token ?? (caller === undefined ? undefined : SECRETS[caller]);
  return async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { Authorization: `Bearer ${authorization}` }),
        'Content-Type': 'application/scim+json',
        // What a proxy or a browser may add.
        'X-Forwarded-User': PERSON.userName,
        'X-Request-Id': PERSON.userName,
        Cookie: `session=${SECRETS.guessed}`,
        Referer: `https://${encodeURIComponent(PERSON.userName)}/`,
        'If-None-Match': `"${PERSON.externalId}"`,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      caller,
      status: response.status,
      text: `${String(response.status)} ${JSON.stringify([...response.headers])} ${text}`,
      body: /^\{/.test(text) ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };
}

/**
 * A life of one person and one group, in which every message is sent while Atlassian repeats what it is sent, in one way
 * after the other, and then as it should go; with messages that are wrong in every place beside it.
 *
 * @param pass what to do after each failure, so that nothing waits for real
 */
export async function live(url: string, site: EchoingSite, pass: () => void, turns: number): Promise<readonly Heard[]> {
  const heard: Heard[] = [];
  let turn = 0;
  const as = (caller: Heard['caller'], token?: string): Ask => {
    const ask = speaker(url, caller, token);
    return async (...message) => {
      const answer = await ask(...message);
      heard.push(answer);
      return answer;
    };
  };
  const okta = as('okta');
  const entra = as('entra');
  /** @returns the answer of the time when all went well */
  async function send(ask: Ask, ...message: Parameters<Ask>): Promise<Heard> {
    for (let count = 0; count < turns; count += 1) {
      site.echo(ECHOES[turn % ECHOES.length]);
      turn += 1;
      await ask(...message);
      site.echo(undefined);
      pass();
    }
    return ask(...message);
  }
  const op = (...operations: object[]): object => ({ schemas: [PATCH_URN], Operations: operations });
  const filter = (text: string): string => `/scim/v2/Users?filter=${encodeURIComponent(text)}`;

  const made = await send(okta, 'POST', '/scim/v2/Users', PERSON);
  const person = `/scim/v2/Users/${String(made.body['id'])}`;
  await send(okta, 'GET', person);
  await send(okta, 'GET', filter(`userName eq "${PERSON.userName}"`));
  await send(okta, 'GET', filter(`emails.value eq "other-${PERSON.userName}"`));
  await send(okta, 'PUT', person, { ...PERSON, title: `Dr. ${PERSON.title}` });
  await send(okta, 'PATCH', person, op({ op: 'replace', path: 'name.familyName', value: PERSON.name.givenName }));
  const members = [{ value: made.body['id'], display: PERSON.displayName }];
  const crew = { schemas: [GROUP_URN], displayName: GROUP_NAME, externalId: PERSON.externalId, members };
  const group = `/scim/v2/Groups/${String((await send(okta, 'POST', '/scim/v2/Groups', crew)).body['id'])}`;
  await send(okta, 'GET', group);
  await send(okta, 'GET', `/scim/v2/Groups?filter=${encodeURIComponent(`displayName eq "${GROUP_NAME}"`)}`);
  await send(okta, 'PUT', group, { ...crew, displayName: `${GROUP_NAME} 2` });

  // Somebody else meets the same person, and does not hear of it more than was said.
  await send(entra, 'DELETE', person);
  await entra('PATCH', person, op({ op: 'replace', value: { active: false } }));
  await entra('PATCH', person, op({ op: 'replace', path: 'title', value: 'x' }));
  await entra('PUT', person, { schemas: [USER_URN], userName: 'somebody-else@example.com', active: false });
  await entra('DELETE', group);
  await entra('PATCH', group, op({ op: 'remove', path: 'members', value: [{ value: made.body['id'] }] }));
  await entra('POST', '/scim/v2/Groups', {
    schemas: [GROUP_URN],
    displayName: 'others',
    members: [{ value: 'nobody' }],
  });

  for (const wrong of malformed()) await okta(...wrong);
  for (const stranger of [as(undefined), as('guessed'), as('guessed', `${SECRETS.guessed} two words`)]) {
    for (const path of [person, `/${SECRETS.guessed}`, '/metrics']) await stranger('GET', path);
  }

  await send(okta, 'PATCH', person, op({ op: 'replace', path: 'active', value: 'False' }));
  await send(okta, 'PATCH', person, op({ op: 'replace', path: 'active', value: true }));
  await send(okta, 'DELETE', group);
  await send(okta, 'DELETE', person);
  return heard;
}

/** Marks in every place of a message that can be wrong. */
function malformed(): Parameters<Ask>[] {
  const mark = PERSON.displayName;
  const users = '/scim/v2/Users';
  return [
    ['POST', users, `{"userName": "${PERSON.userName}", "password": ${SECRETS.password}`],
    ['POST', users, `"${PERSON.userName}"`],
    ['POST', users, { ...PERSON, active: SECRETS.password }],
    ['POST', users, { ...PERSON, emails: PERSON.userName }],
    ['POST', users, { ...PERSON, userName: [PERSON.userName] }],
    ['POST', users, { ...PERSON, schemas: [SECRETS.password] }],
    ['POST', `${users}/.search`, { schemas: [SEARCH_URN], filter: `displayName zz "${mark}"`, sortBy: mark }],
    ['GET', `${users}?filter=${encodeURIComponent(`title gt ${mark}`)}`],
    ['GET', `${users}?filter=${encodeURIComponent(`password eq "${SECRETS.password}"`)}`],
    ['GET', `${users}?startIndex=${encodeURIComponent(mark)}&attributes=${encodeURIComponent(mark)}`],
    ['GET', `${users}/${encodeURIComponent(PERSON.userName)}`],
    ['GET', `${users}/%ff${encodeURIComponent(mark)}`],
    ['GET', `/${encodeURIComponent(PERSON.userName)}?token=${encodeURIComponent(SECRETS.okta)}`],
    ['BREW', `${users}/${encodeURIComponent(PERSON.userName)}`],
    ['PATCH', `${users}/nobody`, { schemas: [PATCH_URN], Operations: [{ op: mark, path: mark, value: mark }] }],
    ['POST', '/scim/v2/Bulk', { password: SECRETS.password }],
    [
      'POST',
      '/scim/v2/Groups',
      { schemas: [GROUP_URN], displayName: GROUP_NAME, members: [{ value: PERSON.userName }] },
    ],
  ];
}
