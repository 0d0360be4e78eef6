import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'libsql';
import { chunks } from './chunks.js';

/**
 * A set of account ids that may be as large as a site. It lives in a temporary file, so that memory does not grow with it.
 */
export interface AccountSet {
  add(accountIds: readonly string[]): void;
  /** Those of these ids that are in the set. */
  among(accountIds: readonly string[]): ReadonlySet<string>;
  /** In the order of ids, at most `limit` of those after `afterId`. */
  page(afterId: string, limit: number): readonly string[];
  close(): void;
}

/** What is kept in memory of it, in KiB. */
const CACHE_KIB = 2048;

interface Row {
  readonly id: string;
}

export function openAccountSet(): AccountSet {
  // A folder that nobody else can read.
  const folder = mkdtempSync(join(tmpdir(), 'confluence-scim-bridge-'));
  const database = new Sqlite(join(folder, 'accounts.db'));
  database.exec(`pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -${CACHE_KIB}`);
  database.exec('create table accounts (id text primary key) without rowid');
  // The open file lives on without its name, and goes with the process, however that ends.
  rmSync(folder, { recursive: true });
  const insert = database.prepare('insert or ignore into accounts values (?)');
  const after = database.prepare('select id from accounts where id > ? order by id limit ?');
  return {
    add(accountIds) {
      database.exec('begin');
      for (const id of accountIds) insert.run(id);
      database.exec('commit');
    },
    among(accountIds) {
      const found = chunks(accountIds).flatMap((some) => {
        const marks = some.map(() => '?').join(',');
        return database.prepare(`select id from accounts where id in (${marks})`).all(...some) as Row[];
      });
      return new Set(found.map(({ id }) => id));
    },
    page: (afterId, limit) => (after.all(afterId, limit) as Row[]).map(({ id }) => id),
    close: () => database.close(),
  };
}
