import { isIP } from 'node:net';

/** How the connection to PostgreSQL is protected, in libpq's words. */
export type SslMode = 'disable' | 'require' | 'verify-full';

/** What `postgres://user:password@host:5432/database?sslmode=verify-full` says. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Empty where the server asks for none. */
  readonly password: string;
  readonly database: string;
  readonly sslMode: SslMode;
  /** Path of the certificates that the server's is checked against; undefined for those that Node knows. */
  readonly rootCertificate: string | undefined;
  /** Settings of the session, as libpq spells them: `-c search_path=bridge`. */
  readonly options: string;
}

const DEFAULT_PORT = 5432;
const SSL_MODES: readonly SslMode[] = ['disable', 'require', 'verify-full'];
const PARAMETERS: ReadonlySet<string> = new Set(['sslmode', 'sslrootcert', 'options']);

export function isPostgresUrl(url: string): boolean {
  return /^postgres(?:ql)?:/i.test(url);
}

/** @returns the address, or what is wrong in words that follow the name of the setting and repeat nothing of it */
export function parsePostgresUrl(text: string): { readonly value: PostgresAddress } | { readonly problem: string } {
  if (!URL.canParse(text)) {
    return { problem: 'is no address; a password with characters such as / ? # @ must have them percent-encoded' };
  }
  const url = new URL(text);
  const { username, hostname, pathname } = url;
  const [user, password, host, database] = [username, url.password, hostname, pathname.slice(1)].map(decoded);
  if (user === undefined || password === undefined || host === undefined || database === undefined) {
    return { problem: 'has a % that encodes nothing; a percent sign itself is written %25' };
  }
  if (host === '' || user === '' || database === '' || database.includes('/')) {
    return { problem: 'must name user, host and one database' };
  }
  const parameters = url.searchParams;
  if (url.hash !== '' || [...parameters.keys()].some((name) => !PARAMETERS.has(name))) {
    return { problem: `may have no parameters but ${[...PARAMETERS].join(', ')}` };
  }
  const sslMode = SSL_MODES.find((mode) => mode === (parameters.get('sslmode') ?? 'disable'));
  if (sslMode === undefined) return { problem: `must have one of ${SSL_MODES.join(', ')} as sslmode` };
  const rootCertificate = parameters.get('sslrootcert') ?? undefined;
  if (rootCertificate !== undefined && sslMode !== 'verify-full') {
    return { problem: 'has sslrootcert, which only sslmode=verify-full looks at' };
  }
  return {
    value: {
      host: withoutBrackets(host),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      user,
      password,
      database,
      sslMode,
      rootCertificate,
      options: parameters.get('options') ?? '',
    },
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function withoutBrackets(host: string): string {
  const inner = host.replace(/^\[|\]$/g, '');
  return isIP(inner) === 6 ? inner : host;
}
