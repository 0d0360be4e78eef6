import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite.js';
import { describeStore } from './conformance.js';

describeStore('SQLite in memory', {
  isShared: false,
  prepare: () =>
    Promise.resolve({
      open: (clock) => openSqliteStore({ url: ':memory:', clock }),
      remove: () => Promise.resolve(),
    }),
});

describeStore('a SQLite file', {
  isShared: true,
  prepare: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-store-'));
    return {
      open: (clock) => openSqliteStore({ url: `file:${join(folder, 'data', 'bridge.db')}`, clock }),
      remove: () => rm(folder, { recursive: true }),
    };
  },
});
