import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { operation, type OperationName, type RightsFamily } from '../../src/atlassian/rights.js';

/** An operation as the source of the client declares it. */
export interface Declared {
  readonly name: string;
  /** What an operator is told when the right is missing; nothing where no right is needed. */
  readonly remedy: string;
}

const FOLDER = fileURLToPath(new URL('../../src/atlassian/', import.meta.url));
const DECLARATION = /\boperation\(\s*'([a-z]+\.\w+)',\s*'\w+',\s*'(\w+)'/g;
const WITHOUT_RIGHTS = /\bname: '([a-z]+\.\w+)'/g;

/** Every operation that the client declares, read from its source, so that none is forgotten. */
export function declaredOperations(): readonly Declared[] {
  const sources = readdirSync(FOLDER).map((file) => readFileSync(join(FOLDER, file), 'utf8'));
  return sources.flatMap((source) => [
    ...[...source.matchAll(DECLARATION)].map(([, name = '', family = '']) => ({
      name,
      remedy: operation(name as OperationName, 'read', family as RightsFamily, '').remedy,
    })),
    ...[...source.matchAll(WITHOUT_RIGHTS)].map(([, name = '']) => ({ name, remedy: '' })),
  ]);
}
