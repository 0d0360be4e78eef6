import { describe, expect, it } from '@jest/globals';
import { startUsers, type UserSite } from '../provisioning/userSite.js';
import { ENTRA_TOKEN, OKTA_TOKEN } from '../support/bridge.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const CALLERS = [
  ['okta', OKTA_TOKEN],
  ['entra', ENTRA_TOKEN],
] as const;

interface Resource {
  readonly id: string;
  readonly externalId?: string;
}

interface Kind {
  readonly path: '/Users' | '/Groups';
  /** Made by okta, without externalId. @returns the id */
  readonly create: (site: UserSite) => Promise<string>;
  /** What a PUT sends beside the externalId; it changes nothing. */
  readonly body: object;
}

const KINDS: readonly (readonly [string, Kind])[] = [
  [
    'a user',
    {
      path: '/Users',
      create: async (site) => (await site.created({ externalId: undefined })).id,
      body: { schemas: [USER], userName: 'ada@example.com' },
    },
  ],
  [
    'a group',
    {
      path: '/Groups',
      create: async (site) => ((await site.scim('post', '/Groups', { displayName: 'Ops' })).body as Resource).id,
      body: { displayName: 'Ops' },
    },
  ],
];

/** What each of the two callers sees as externalId: by id, in the list, and whether its filter finds the resource. */
async function seen(site: UserSite, path: string, id: string) {
  const read = async (suffix: string, token: string) =>
    (await site.scim('get', `${path}${suffix}`, undefined, token)).body as unknown;
  const views = CALLERS.map(async ([name, token]) => {
    const byId = ((await read(`/${id}`, token)) as Resource).externalId;
    const { Resources } = (await read('', token)) as { Resources: readonly Resource[] };
    const listed = Resources.find((one) => one.id === id)?.externalId;
    const found = await Promise.all(
      ['okta-1', 'entra-1'].map(async (value) => {
        const filter = encodeURIComponent(`externalId eq "${value}"`);
        const list = (await read(`?filter=${filter}`, token)) as { Resources: readonly Resource[] };
        return list.Resources.some((one) => one.id === id && one.externalId === value) ? value : undefined;
      }),
    );
    return [name, { byId, listed, found: found.find((value) => value !== undefined) }] as const;
  });
  return Object.fromEntries(await Promise.all(views));
}

function only(value: string | undefined) {
  return { byId: value, listed: value, found: value };
}

describe('the externalId of two callers', () => {
  it.each(KINDS)(
    'on %s is each one’s own: by id, in lists, in filters [ID6]',
    async (_name, { path, create, body }) => {
      const site = await startUsers();
      const id = await create(site);
      const put = async (externalId: string | null, token: string) =>
        (await site.scim('put', `${path}/${id}`, { ...body, externalId }, token)).status;

      expect(await put('okta-1', OKTA_TOKEN)).toBe(200);
      expect(await seen(site, path, id)).toEqual({ okta: only('okta-1'), entra: only(undefined) });
      expect(await put('entra-1', ENTRA_TOKEN)).toBe(200);
      expect(await seen(site, path, id)).toEqual({ okta: only('okta-1'), entra: only('entra-1') });
      expect(await put('', OKTA_TOKEN)).toBe(200);
      expect(await seen(site, path, id)).toEqual({ okta: only(undefined), entra: only('entra-1') });
    },
  );

  it.each(KINDS)('on %s is set and removed by PATCH, each one’s own [ID6]', async (_name, { path, create }) => {
    const site = await startUsers();
    const id = await create(site);
    const patch = async (operation: object, token: string) =>
      (await site.scim('patch', `${path}/${id}`, { schemas: [PATCH_OP], Operations: [operation] }, token)).status;

    for (const [name, token] of CALLERS)
      expect(await patch({ op: 'add', path: 'externalId', value: `${name}-1` }, token)).toBeLessThan(300);
    expect(await patch({ op: 'remove', path: 'externalId' }, ENTRA_TOKEN)).toBeLessThan(300);

    expect(await seen(site, path, id)).toEqual({ okta: only('okta-1'), entra: only(undefined) });
  });
});
