// Inserts people for ever, one transaction each, and prints the number of every one that was acknowledged.
import { openSqliteStore } from '../../../src/store/sqlite.js';
import { clock } from './clock.js';

const [, , url = '', prefix = ''] = process.argv;
const store = await openSqliteStore({ url, clock });
for (let number = 0; ; number += 1) {
  const id = `${prefix}${number}`;
  const now = new Date().toISOString();
  await store.transaction(async ({ people, holds, writes }) => {
    await people.insert({
      id,
      accountId: id,
      userName: `${id}@example.com`,
      profile: { title: 'x'.repeat(number % 500) },
      wanted: 'active',
      suspended: false,
      address: `${id}@example.com`,
      invitedAt: undefined,
      origin: 'created',
      caller: 'okta',
      owner: 'okta',
      createdAt: now,
      wantedAt: now,
    });
    await holds.put({ personId: id, groupId: 'g', kind: 'owed' });
    await writes.membership(id, 'g', true, Date.now());
  });
  // Straight to the pipe: a line counts only when its transaction has been acknowledged.
  if (!process.stdout.write(`${id}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}
