import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the folder in which the first test that needs PostgreSQL starts one for the whole run; see postgres.ts. */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-tests-'));
  // The server runs as another user where this one is root.
  chmodSync(folder, 0o711);
  process.env.TEST_POSTGRES_FOLDER = folder;
}
