import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'libsql';

/** A database that a bridge keeps its records in while it is killed. */
export interface Database {
  readonly url: string;
  /** Undefined where it is not in a file. */
  readonly file: string | undefined;
  /** What is damaged; looked at while no bridge runs, without a repair that would spare the bridge its own. */
  damages(): Promise<readonly string[]>;
  drop(): Promise<void>;
}

/** @param folder where it may put files, for this database alone */
export type CreateDatabase = (folder: string) => Promise<Database>;

/** What SQLite keeps beside the file; the index of the log is made anew from the log. */
const FILES = ['', '-wal'];

export const createSqlite: CreateDatabase = (folder) => {
  const path = join(folder, 'bridge.db');
  return Promise.resolve({
    url: `file:${path}`,
    file: path,
    async damages() {
      if (!existsSync(path)) return [];
      const copies = await mkdtemp(join(folder, 'copy-'));
      const copy = join(copies, 'bridge.db');
      for (const suffix of FILES) if (existsSync(path + suffix)) await copyFile(path + suffix, copy + suffix);
      const database = new Sqlite(copy);
      try {
        const rows = database.prepare('pragma integrity_check').all() as readonly {
          readonly integrity_check: string;
        }[];
        return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
      } finally {
        database.close();
        await rm(copies, { recursive: true, force: true });
      }
    },
    drop: () => Promise.resolve(),
  });
};
