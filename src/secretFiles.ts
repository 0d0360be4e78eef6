import { readFileSync, statSync } from 'node:fs';
import type { Environment } from './config.js';
import type { SettingName } from './settings.js';

/**
 * Settings that may be in a file of their own: the variables that name the file, with an example of its path. What is in
 * a variable is seen by whoever may look at the process, or at the description of its container.
 */
export const SECRET_FILES: Readonly<Record<string, string>> = {
  ATLASSIAN_API_TOKEN_FILE: '/run/secrets/atlassian_api_token',
  ATLASSIAN_ORG_API_KEY_FILE: '/run/secrets/atlassian_org_api_key',
  SCIM_TOKENS_FILE: '/run/secrets/scim_tokens',
  DATABASE_URL_FILE: '/run/secrets/database_url',
  UPSTREAM_PROXY_FILE: '/run/secrets/upstream_proxy',
};
/** Far over a hundred callers with long secrets; a log or an image of a disk given by mistake is not read. */
const MAX_BYTES = 64 * 1024;
const READABLE_BY_OTHERS = 0o004;

/** Whether every user of the machine may read a file of this mode. */
export function isPublic({ mode }: { readonly mode: number }): boolean {
  return (mode & READABLE_BY_OTHERS) !== 0;
}

/** What a file says, trimmed, or what is wrong with it, in words that follow the name of its variable. */
export type FileReader = (
  path: string,
) => { readonly text: string; readonly isPublic: boolean } | { readonly problem: string };

/** Follows symbolic links, which is how Kubernetes mounts secrets. */
export const readSecretFile: FileReader = (path) => {
  try {
    const file = statSync(path);
    // Reading a pipe could wait for ever, and would find nothing when the settings are read again.
    if (!file.isFile()) return { problem: 'names something that is no regular file' };
    if (file.size > MAX_BYTES) return { problem: `names a file of more than ${MAX_BYTES / 1024} kB` };
    const text = readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .trim();
    return text === '' ? { problem: 'names a file that is empty' } : { text, isPublic: isPublic(file) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
};

/** The text of a setting, and the file that it was read from. Empty where neither variable is set. */
export interface SettingText {
  readonly text: string;
  readonly file: { readonly variable: string; readonly isPublic: boolean } | undefined;
}

/** The text of a setting, out of its variable or out of the file that `…_FILE` names, or what is wrong with the latter. */
export function textOf(
  name: SettingName,
  env: Environment,
  readFile: FileReader,
): SettingText | { readonly setting: string; readonly problem: string; readonly example: string } {
  const text = env[name]?.trim() ?? '';
  const variable = `${name}_FILE`;
  const example = SECRET_FILES[variable];
  const path = env[variable]?.trim() ?? '';
  if (example === undefined || path === '') return { text, file: undefined };
  if (text !== '') return { setting: variable, problem: `is set beside ${name}; keep one of the two`, example };
  const read = readFile(path);
  if ('problem' in read) return { setting: variable, problem: read.problem, example };
  return { text: read.text, file: { variable, isPublic: read.isPublic } };
}

function problemOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'names a file that does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'names a file that this user may not read';
  return 'names a file that cannot be read';
}
