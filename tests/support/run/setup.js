import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const CONTRACT = new URL('../../../openapi/scim-bridge.yaml', import.meta.url);

/**
 * Names the folder in which the first test that needs PostgreSQL starts one for the whole run (see postgres.ts), and puts
 * the OpenAPI document there as JSON: almost every file of tests reads it, and reading YAML takes fifty times as long.
 */
export default function setup() {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-tests-'));
  // The server runs as another user where this one is root.
  chmodSync(folder, 0o711);
  process.env.TEST_POSTGRES_FOLDER = folder;
  process.env.TEST_CONTRACT_FILE = join(folder, 'scim-bridge.json');
  writeFileSync(process.env.TEST_CONTRACT_FILE, JSON.stringify(parse(readFileSync(CONTRACT, 'utf8'))));
}
