import { isLoopback, type Parser } from './settingValues.js';
import { databasePath } from './store/databasePath.js';
import { isPostgresUrl, parsePostgresUrl } from './store/postgresUrl.js';

/** `file:` with a path, or PostgreSQL. `file://data/x.db` would name a host called `data`, which nobody means. */
export const databaseAddress: Parser<string> = (text) => {
  if (isPostgresUrl(text)) {
    const parsed = parsePostgresUrl(text);
    return 'problem' in parsed ? parsed : { value: text };
  }
  return /^file:(?:\/{3}|\/(?!\/)|[^/])[^\0?#]*$/.test(text) && !text.endsWith('/')
    ? { value: text }
    : { problem: 'must be file: and the path of a SQLite file, or postgres:// and where PostgreSQL is' };
};

/** Where the database is, for people: a path, or a host and what is on it. Neither user nor password. */
export function databasePlace(databaseUrl: string): string {
  if (!isPostgresUrl(databaseUrl)) return databasePath(databaseUrl) ?? databaseUrl;
  const { host, pathname, searchParams } = new URL(databaseUrl);
  return [`${host}${pathname}`, ...searchParams.getAll('options')].join(' ');
}

/** The password of PostgreSQL, as it is and as the URL spells it, and the URL itself. */
export function databaseSecrets(databaseUrl: string): readonly string[] {
  if (!isPostgresUrl(databaseUrl)) return [];
  const { password } = new URL(databaseUrl);
  return password === '' ? [] : [databaseUrl, password, decodeURIComponent(password)];
}

/** What is allowed of a database's address but probably not meant. */
export function databaseDoubts(databaseUrl: string): readonly string[] {
  const parsed = isPostgresUrl(databaseUrl) ? parsePostgresUrl(databaseUrl) : undefined;
  if (parsed === undefined || 'problem' in parsed) return [];
  const { host, sslMode } = parsed.value;
  // A host that is a path is a socket of this machine.
  if (host.startsWith('/') || isLoopback(host)) return [];
  switch (sslMode) {
    case 'disable':
      return [
        'DATABASE_URL reaches PostgreSQL without TLS: all that is kept can be read on the way. Add ?sslmode=verify-full.',
      ];
    case 'require':
      return [
        'DATABASE_URL does not check whose PostgreSQL it reaches. Use sslmode=verify-full, with sslrootcert where it needs one.',
      ];
    case 'verify-full':
      return [];
  }
}
