import { describe, expect, it } from '@jest/globals';
import { patch, profileOf, type Site, startSite, USER } from './site.js';

describe('queries', () => {
  const byName = (filter: string) => `/Users?filter=${filter}`;
  it.each<[shape: string, path: string | ((site: Site) => string)]>([
    ['plus for spaces', byName('userName+eq+%22ada%40example.com%22')],
    ['%20 for spaces', byName('userName%20eq%20%22ada%40example.com%22&startIndex=1&count=100')],
    ['a trailing ampersand', byName('userName+eq+%22ada%40example.com%22&')],
    ['a leading ampersand', '/Users?&filter=userName+eq+%22ada%40example.com%22'],
    ['a trailing slash', '/Users/?filter=userName+eq+%22ada%40example.com%22'],
    ['bare quotes', byName('userName%20eq%20"ada@example.com"')],
    ['Eq', byName('userName%20Eq%20%22ada%40example.com%22')],
    ['EQ and other letters', byName('USERNAME%20EQ%20%22ADA%40EXAMPLE.COM%22')],
    ['a full name', byName(`${encodeURIComponent(`${USER}:userName`)}%20eq%20%22ada%40example.com%22`)],
    ['the flag of Entra ID', '/Users?aadOptscim062020&filter=userName+eq+%22ada%40example.com%22'],
    ['the flag of Entra ID behind', byName('userName+eq+%22ada%40example.com%22&aadOptscim062020')],
    ['the work address', byName('emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22ada%40example.com%22')],
    ['emails.value', byName('emails.value+eq+%22ada%40example.com%22')],
    ['emails', byName('emails+eq+%22Ada%40example.com%22')],
    ['externalId', byName('externalId+eq+%22x-ada%22')],
    ['the id', ({ ids }) => byName(`id+eq+%22${ids.ada}%22`)],
    ['the id, and attributes', ({ ids }) => `${byName(`id+eq+%22${ids.ada}%22`)}&attributes=id`],
    ['parentheses and and', byName('(userName+eq+%22ada%40example.com%22)+and+(active+eq+true)')],
  ])('find one person by %s [LI3]', async (_shape, path) => {
    const site = await startSite();
    const answer = await site.send('GET', typeof path === 'string' ? path : path(site));
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status: 200,
      body: { totalResults: 1, itemsPerPage: 1, startIndex: 1, Resources: [{ id: site.ids.ada }] },
    });
  });

  it.each<[shape: string, path: string | ((site: Site) => string)]>([
    ['plus for spaces', '/Groups?filter=displayName+eq+%22Engineering%22'],
    ['Eq, other letters and a trailing ampersand', '/Groups?filter=displayname%20Eq%20%22ENGINEERING%22&'],
    ['members left out', '/Groups?excludedAttributes=members&filter=displayName+eq+%22Engineering%22'],
    [
      'the id and a member',
      ({ ids, groupId }) => `/Groups?filter=id+eq+%22${groupId}%22+and+members+eq+%22${ids.ada}%22&attributes=id`,
    ],
    ['members.value', ({ ids }) => `/Groups?filter=displayName+sw+%22Eng%22+and+members.value+eq+%22${ids.ada}%22`],
    [
      'members[value]',
      ({ ids }) => `/Groups?filter=displayName+eq+%22Engineering%22+and+members%5Bvalue+eq+%22${ids.bob}%22%5D`,
    ],
  ])('find one group by %s [LI3]', async (_shape, path) => {
    const site = await startSite();
    const answer = await site.send('GET', typeof path === 'string' ? path : path(site));
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status: 200,
      body: { totalResults: 1, Resources: [{ id: site.groupId }] },
    });
  });

  it.each<[shape: string, path: (site: Site) => string]>([
    [
      'the manager Entra ID asks for',
      ({ ids }) => `${byName(`id+eq+%22${ids.ada}%22+and+manager+eq+%22${ids.bob}%22`)}&attributes=id`,
    ],
    ['a name of nobody', () => byName('userName+eq+%22nobody%40example.com%22')],
    ['a random GUID', () => byName('userName+eq+%22e4d2f5a8-2f0d-4a37-9d3e-6f1b0c9a7d11%22')],
    [
      'a member of another group',
      ({ ids, groupId }) => `/Groups?filter=id+eq+%22${groupId}%22+and+members+eq+%22${ids.cy}%22`,
    ],
  ])('are 200 and empty where nothing matches %s [LI3]', async (_shape, path) => {
    const site = await startSite();
    const answer = await site.send('GET', path(site));
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status: 200,
      body: { totalResults: 0, itemsPerPage: 0 },
    });
  });

  it.each<[shape: string, path: (site: Site) => string]>([
    ['userName', () => byName('userName%20eq%20ada%40example.com')],
    ['id', ({ ids }) => `/Users?filter=id+eq+${ids.ada}`],
    ['displayName', () => '/Groups?filter=displayName+eq+Engineering'],
  ])('find the same without quotes around the value of %s, as old authentik sends it [LI3]', async (_name, path) => {
    const site = await startSite();
    const answer = await site.send('GET', path(site));
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200, body: { totalResults: 1 } });
  });

  it('may be empty behind a question mark, also on writes [LI5]', async () => {
    const site = await startSite();
    const put = await site.send('PUT', `/Users/${site.ids.ada}?`, { ...profileOf('ada'), active: false });
    const add = await site.send(
      'PATCH',
      `/Groups/${site.groupId}?`,
      patch({ op: 'add', path: 'members', value: [{ value: site.ids.cy }] }),
    );
    const flagged = await site.send(
      'PATCH',
      `/Groups/${site.groupId}?aadOptscim062020`,
      patch({ op: 'remove', path: `members[value eq "${site.ids.bob}"]` }),
    );
    expect([put.status, add.status, flagged.status]).toEqual([200, 204, 204]);
    expect(site.hasAccess('ada')).toBe(false);
    expect(site.members()).toEqual(['ada', 'cy']);
  });
});
