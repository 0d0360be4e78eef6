import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'libsql';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { createTestClock, ENTRA_TOKEN, OKTA_TOKEN, startTestBridge } from '../support/bridge.js';

const PASSWORD = 'hunter2-p4ssword';
const USER = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'ada@example.com',
  emails: [{ value: 'ada@example.com', primary: true }],
  password: PASSWORD,
};
const patch = (...Operations: readonly object[]): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-file-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the database file', () => {
  it('holds no credential, no token, no hash of one, and no password [SA7]', async () => {
    const clock = createTestClock();
    const store = await openSqliteStore({ url: `file:${join(folder, 'bridge.db')}`, clock, role: 'serve' });
    const bridge = await startTestBridge({ clock, store });
    const { adminEmail, apiToken, orgApiKey } = bridge.sandbox.credentials;

    const created = await bridge.scim('post', '/Users', USER);
    const path = `/Users/${(created.body as { readonly id: string }).id}`;
    const answers = [
      created,
      await bridge.scim('patch', path, patch({ op: 'replace', path: 'password', value: PASSWORD })),
      await bridge.scim('patch', path, patch({ op: 'replace', path: 'active', value: false }), ENTRA_TOKEN),
      await bridge.scim('patch', path, patch({ op: 'replace', path: 'active', value: false })),
      await bridge.scim('get', '/Users', undefined, `${OKTA_TOKEN}-not-quite`),
    ];
    bridge.sandbox.revoke('apiToken');
    answers.push(await bridge.scim('patch', path, patch({ op: 'replace', path: 'active', value: true })));
    await bridge.close();
    await store.close();

    expect(answers.map(({ status }) => status)).toEqual([201, 501, 403, 200, 401, 500]);
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')));
    const bytes = files.join('\n');
    // What is looked for would be found: the record is there.
    expect(bytes).toContain('ada@example.com');
    const secrets = [apiToken, orgApiKey, OKTA_TOKEN, ENTRA_TOKEN, PASSWORD, `${adminEmail}:${apiToken}`];
    for (const [index, secret] of secrets.entries()) {
      const found = Object.entries(formsOf(secret)).filter(([, text]) => bytes.includes(text));
      expect([index, found.map(([form]) => form)]).toEqual([index, []]);
    }
  });

  it('holds what SECURITY.md says, table by table', async () => {
    const path = join(folder, 'bridge.db');
    await (await openSqliteStore({ url: `file:${path}`, clock: createTestClock() })).close();
    const database = new Sqlite(path);
    const rows = database
      .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
      .all();
    database.close();
    const document = await readFile(new URL('../../SECURITY.md', import.meta.url), 'utf8');
    const [, chapter = ''] = /\n## What the database holds\n([\s\S]*?)\n## /.exec(document) ?? [];

    const told = chapter
      .split('\n')
      .flatMap((line) => [...(line.split(' | ')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));

    expect(told.sort()).toEqual((rows as { readonly name: string }[]).map(({ name }) => name).sort());
  });
});

/** How a secret could be written down. */
function formsOf(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret);
  const sha256 = createHash('sha256').update(bytes).digest();
  return {
    plain: secret,
    base64: bytes.toString('base64').replace(/=+$/, ''),
    hex: bytes.toString('hex'),
    'sha256, hex': sha256.toString('hex'),
    'sha256, base64': sha256.toString('base64').replace(/=+$/, ''),
    'sha256, bytes': sha256.toString('latin1'),
  };
}
