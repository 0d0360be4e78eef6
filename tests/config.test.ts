import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, readConfig, secretsOf, type Config, type Environment } from '../src/config.js';
import { SECRET_FILES } from '../src/secretFiles.js';
import { SETTINGS } from '../src/settings.js';

const SECRET = 'a-secret-of-sixteen-or-more';
const REQUIRED = {
  ATLASSIAN_SITE_URL: 'https://acme.atlassian.net',
  ATLASSIAN_ADMIN_EMAIL: 'Admin@acme.com',
  ATLASSIAN_API_TOKEN: 'the-token-of-the-site',
  SCIM_TOKENS: `okta:${SECRET}`,
};
const ORGANIZATION = { ATLASSIAN_ORG_ID: 'org-1', ATLASSIAN_ORG_API_KEY: 'the-key-of-the-organization' };

function configOf(env: Environment): Config {
  return readConfig({ ...REQUIRED, ...env });
}

function errorOf(env: Environment): ConfigurationError {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function problemsOf(env: Environment): string[] {
  return errorOf({ ...REQUIRED, ...env }).problems.map(({ setting, problem }) => `${setting} ${problem}`);
}

describe('readConfig', () => {
  it('fills in every default', () => {
    expect(readConfig(REQUIRED)).toEqual({
      site: {
        url: 'https://acme.atlassian.net',
        adminEmail: 'Admin@acme.com',
        apiToken: 'the-token-of-the-site',
        tokenExpiresAtMs: undefined,
        tokenKind: 'classic',
        apiUrl: 'https://api.atlassian.com',
        organization: undefined,
        concurrency: 8,
        proxy: undefined,
      },
      accessGroups: [],
      callers: [{ name: 'okta', secrets: [SECRET], isReadOnly: false }],
      publicUrl: 'http://127.0.0.1:8080',
      host: '127.0.0.1',
      port: 8080,
      tls: undefined,
      trustProxy: [],
      databaseUrl: 'file:./data/bridge.db',
      mode: 'live',
      deactivation: 'access-groups',
      profileUpdates: 'put',
      groupRenames: 'record',
      adoptGroups: [],
      privilegedGroups: ['*admin*', 'jira-*', 'confluence-*'],
      guessesPrivileged: true,
      protectedUsers: ['admin@acme.com'],
      leaverGuard: 'report',
      groupDelete: 'created',
      brake: {
        accessLoss: { count: 10, percent: 20 },
        groupRemoval: { count: 100, percent: 30 },
        windowMs: 3_600_000,
      },
      defaultEmailDomain: undefined,
      allowedEmailDomains: [],
      testAddresses: [],
      requestBudgetMs: 25_000,
      indexMaxAgeMs: 300_000,
      log: { level: 'info', format: 'json' },
      warnings: [],
      values: expect.objectContaining({ PORT: 8080 }),
    });
  });

  it('reads every setting', () => {
    const config = configOf({
      ...ORGANIZATION,
      ATLASSIAN_API_TOKEN_EXPIRES: '2027-03-31',
      ATLASSIAN_ORG_API_KEY_EXPIRES: '2028-02-29',
      ATLASSIAN_TOKEN_KIND: 'Scoped',
      ATLASSIAN_API_URL: 'http://127.0.0.1:9000/',
      CONFLUENCE_ACCESS_GROUPS: 'confluence-users, wiki readers ,',
      PUBLIC_URL: 'https://scim.acme.com/bridge/',
      HOST: '::',
      PORT: '443',
      DATABASE_URL: 'file:///var/lib/bridge.db',
      DEACTIVATION: 'suspend',
      PROFILE_UPDATES: 'reject',
      GROUP_RENAMES: 'reject',
      ADOPT_GROUPS: 'team-*,Marketing,team-*',
      PRIVILEGED_GROUPS: '*boss*',
      PROTECTED_USERS: 'CEO@acme.com,712020:AbC-1',
      GROUP_DELETE: 'never',
      ACCESS_LOSS_LIMIT: '50%, 7',
      GROUP_REMOVAL_LIMIT: 'Off',
      BRAKE_WINDOW_MINUTES: '30',
      DEFAULT_EMAIL_DOMAIN: '@Acme.com',
      ALLOWED_EMAIL_DOMAINS: '*acme.com',
      TEST_ADDRESSES: 'Check-*@acme.com',
      REQUEST_BUDGET_SECONDS: '4',
      UPSTREAM_CONCURRENCY: '2',
      INDEX_MAX_AGE_SECONDS: '0',
      LOG_LEVEL: 'DEBUG',
      LOG_FORMAT: 'pretty',
    });

    expect(config).toMatchObject({
      site: {
        tokenExpiresAtMs: Date.UTC(2027, 2, 31),
        tokenKind: 'scoped',
        apiUrl: 'http://127.0.0.1:9000',
        organization: { id: 'org-1', apiKey: 'the-key-of-the-organization', expiresAtMs: Date.UTC(2028, 1, 29) },
        concurrency: 2,
      },
      accessGroups: ['confluence-users', 'wiki readers'],
      publicUrl: 'https://scim.acme.com/bridge',
      host: '::',
      port: 443,
      databaseUrl: 'file:///var/lib/bridge.db',
      deactivation: 'suspend',
      profileUpdates: 'reject',
      groupRenames: 'reject',
      adoptGroups: ['team-*', 'Marketing'],
      privilegedGroups: ['*boss*'],
      guessesPrivileged: false,
      protectedUsers: ['admin@acme.com', 'ceo@acme.com', '712020:AbC-1'],
      groupDelete: 'never',
      brake: { accessLoss: { count: 7, percent: 50 }, groupRemoval: 'off', windowMs: 1_800_000 },
      defaultEmailDomain: 'acme.com',
      allowedEmailDomains: ['*acme.com'],
      testAddresses: ['check-*@acme.com'],
      requestBudgetMs: 4_000,
      indexMaxAgeMs: 0,
      log: { level: 'debug', format: 'pretty' },
    });
  });

  it.each(['31.3.2027', '2027-3-31', '2027-02-29', '2027-13-01', '2027-03-31T00:00:00Z', 'never'])(
    'takes %s for no day',
    (text) => {
      expect(problemsOf({ ATLASSIAN_API_TOKEN_EXPIRES: text })).toEqual([
        'ATLASSIAN_API_TOKEN_EXPIRES must be a day, as year-month-day',
      ]);
    },
  );

  it('is frozen to its leaves', () => {
    const config = readConfig(REQUIRED);
    expect(() => Object.assign(config.site, { url: 'https://evil.example' })).toThrow(TypeError);
    expect(() => (config.protectedUsers as string[]).pop()).toThrow(TypeError);
    expect(() => (config.callers[0]?.secrets as string[]).push('x')).toThrow(TypeError);
  });

  it('treats an empty variable as one that is not set', () => {
    expect(configOf({ PORT: '', HOST: '  ', ATLASSIAN_ORG_ID: '', CONFLUENCE_ACCESS_GROUPS: '' }).port).toBe(8080);
    expect(errorOf({ ...REQUIRED, SCIM_TOKENS: ' ' }).problems[0]?.problem).toBe('is missing');
  });

  it('reports every problem at once, each with the variable and a valid example', () => {
    const error = errorOf({ PORT: '0', LOG_LEVEL: 'loud', DEACTIVATION: 'suspend', ATLASSIAN_ORG_ID: 'org-1' });

    expect(error.exitCode).toBe(78);
    expect(error.problems.map(({ setting }) => setting)).toEqual([
      'ATLASSIAN_SITE_URL',
      'ATLASSIAN_ADMIN_EMAIL',
      'ATLASSIAN_API_TOKEN',
      'SCIM_TOKENS',
      'PORT',
      'LOG_LEVEL',
      'ATLASSIAN_ORG_API_KEY',
    ]);
    for (const { setting, problem, example } of error.problems) {
      expect(error.message).toContain(`${setting} ${problem}. Example: ${setting}=${String(example)}`);
    }
  });

  it.each(Object.entries(SETTINGS))('accepts the example it gives for %s', (name, { example }) => {
    const pairs: readonly Environment[] = [ORGANIZATION, { TLS_CERT_FILE: 'tls.crt', TLS_KEY_FILE: 'tls.key' }];
    const partner = pairs.find((pair) => name in pair);
    expect(() => configOf({ ...partner, [name]: example })).not.toThrow();
  });

  it('repeats nothing that was set, because it may be a secret in the wrong place [SA7]', () => {
    const pasted = 'hunter2-hunter2 hunter2';
    const everywhere = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, pasted]));
    const error = errorOf(everywhere);
    expect(error.problems.length).toBeGreaterThan(15);
    expect(JSON.stringify([error.message, error.problems, error.stack])).not.toContain('hunter2');
  });

  it.each([
    ['ATLASSIAN_SITE_URL', 'acme.atlassian.net', 'must be an address that begins with https://'],
    ['ATLASSIAN_SITE_URL', 'ftp://acme.atlassian.net', 'must be an address that begins with https://'],
    ['ATLASSIAN_SITE_URL', 'http://acme.atlassian.net', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://127.0.0.1.evil.example', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://localhost.evil.example', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://evil.localhost', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://0.0.0.0', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://[::]', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://[::ffff:10.0.0.1]', 'must use https'],
    ['ATLASSIAN_SITE_URL', 'http://127.0.0.1@evil.example', 'must not hold a user name'],
    ['ATLASSIAN_SITE_URL', 'https://acme.atlassian.net/wiki', 'without a path such as /wiki'],
    ['ATLASSIAN_SITE_URL', 'https://acme.atlassian.net@evil.example', 'must not hold a user name'],
    ['ATLASSIAN_API_URL', 'http://api.atlassian.com', 'must use https'],
    ['ATLASSIAN_API_URL', 'https://api.atlassian.com?x=1', 'must end before any ?'],
    ['ATLASSIAN_ADMIN_EMAIL', 'admin', 'must be one e-mail address'],
    ['ATLASSIAN_ADMIN_EMAIL', 'a@acme.com,b@acme.com', 'must be one e-mail address'],
    ['ATLASSIAN_API_TOKEN', 'two words', 'holds a space'],
    ['ATLASSIAN_API_TOKEN', '"quoted-by-docker"', 'is in quotation marks'],
    ['CONFLUENCE_ACCESS_GROUPS', 'confluence-*', 'entry 1 must be the whole name'],
    ['PUBLIC_URL', 'https://scim.acme.com/scim/v2/', 'must end before /scim/v2'],
    ['HOST', 'http://127.0.0.1', 'must be an IP address or a host name'],
    ['PORT', '65536', 'must be a whole number from 1 to 65535'],
    ['PORT', '8e1', 'must be a whole number'],
    ['REQUEST_BUDGET_SECONDS', '25s', 'must be a whole number from 1 to 300'],
    ['UPSTREAM_CONCURRENCY', '0', 'must be a whole number from 1 to 64'],
    ['INDEX_MAX_AGE_SECONDS', '-1', 'must be a whole number from 0 to 3600'],
    ['TRUST_PROXY', 'true', 'entry 1 must be loopback, or an address or range'],
    ['TRUST_PROXY', '0', 'must be a whole number from 1 to 9'],
    ['TRUST_PROXY', '10.0.0.0/8,10.0.0.0/33', 'entry 2 must not be a range'],
    ['TRUST_PROXY', '::/0', 'entry 1 must not be a range that holds every address'],
    ['TRUST_PROXY', 'proxy.acme.com', 'entry 1 must be loopback, or an address'],
    ['UPSTREAM_PROXY', 'proxy.acme.com:3128', 'must be an address such as http://'],
    ['UPSTREAM_PROXY', 'socks5://proxy.acme.com:1080', 'must be an address such as http://'],
    ['UPSTREAM_PROXY', 'http://proxy.acme.com/path', 'without a path'],
    ['DATABASE_URL', 'postgres://bridge:pw@db', 'must name user, host and one database'],
    ['DATABASE_URL', 'postgres://bridge:p/w@db/bridge', 'is no address; a password'],
    ['DATABASE_URL', 'postgres://bridge:p%w@db/bridge', 'has a % that encodes nothing'],
    ['DATABASE_URL', 'postgres://bridge:pw@d%b/bridge', 'has a % that encodes nothing'],
    ['DATABASE_URL', 'postgres://bridge:pw@db/bridge?sslmode=prefer', 'must have one of disable, require, verify-full'],
    ['DATABASE_URL', 'postgres://bridge:pw@db/bridge?statement_timeout=0', 'may have no parameters but sslmode'],
    ['DATABASE_URL', 'postgres://bridge:pw@db/bridge?sslrootcert=ca.pem', 'has sslrootcert, which only'],
    ['DATABASE_URL', './data/bridge.db', 'must be file: and the path'],
    ['DATABASE_URL', 'file://data/bridge.db', 'must be file: and the path'],
    ['DATABASE_URL', 'file:', 'must be file: and the path'],
    ['PROTECTED_USERS', 'ceo@acme.com,the boss', 'entry 2 must be an e-mail address or an account id'],
    ['ADOPT_GROUPS', ',,', 'holds only commas'],
    ['DEFAULT_EMAIL_DOMAIN', 'acme', 'must be one domain'],
    ['ALLOWED_EMAIL_DOMAINS', 'acme.com,ada@acme.com', 'entry 2 must be a domain'],
    ['TEST_ADDRESSES', 'check@acme.com,check', 'entry 2 must be an e-mail address or a pattern'],
    ['TEST_ADDRESSES', '*@acme.com', 'must have at least three characters beside *'],
    ['GROUP_DELETE', 'always', 'must be one of created, never'],
    ['ACCESS_LOSS_LIMIT', 'many', 'must be off, or a whole number and a percentage such as 10,20%'],
    ['ACCESS_LOSS_LIMIT', '10,20', 'must be off, or a whole number and a percentage'],
    ['ACCESS_LOSS_LIMIT', '10,20%,30%', 'must be off, or a whole number and a percentage'],
    ['GROUP_REMOVAL_LIMIT', '-1', 'must be off, or a whole number and a percentage'],
    ['GROUP_REMOVAL_LIMIT', '101%', 'has a percentage over 100'],
    ['BRAKE_WINDOW_MINUTES', '5', 'must be a whole number from 10 to 1440'],
    ['SCIM_TOKENS', 'a-secret-without-a-name', 'entry 1 must be name:secret'],
    ['SCIM_TOKENS', `okta:${SECRET}:more`, 'entry 1 must be name:secret, or name:secret:ro'],
    ['SCIM_TOKENS', `Okta:${SECRET}`, 'entry 1 must begin with a name of small letters'],
    ['SCIM_TOKENS', `bridge:${SECRET}`, 'must not be called "bridge"'],
    ['SCIM_TOKENS', `operator:${SECRET}`, 'must not be called "operator"'],
    ['SCIM_TOKENS', `okta:${SECRET}:rw`, 'entry 1 must be name:secret, or name:secret:ro'],
    ['SCIM_TOKENS', `a:${SECRET}1:ro,a:${SECRET}2`, 'holds "a" once with :ro and once without'],
    ['SCIM_TOKENS', `okta:${SECRET},entra:short`, 'entry 2 must have a secret of 16 characters or more'],
    ['SCIM_TOKENS', 'okta:sixteen characters!', 'entry 1 must have a secret'],
    ['SCIM_TOKENS', `okta:${SECRET},entra:${SECRET}`, 'entry 2 repeats the secret'],
    ['SCIM_TOKENS', `a:${SECRET}1,a:${SECRET}2,a:${SECRET}3`, 'holds three secrets of "a"'],
    ['SCIM_TOKENS', `okta:${REQUIRED.ATLASSIAN_API_TOKEN}`, 'must not hold a credential of Atlassian'],
  ])('refuses %s=%s', (name, value, problem) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name} `);
    expect(problems[0]).toContain(problem);
  });

  it('takes plain http where it stays on this machine', () => {
    for (const url of ['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000']) {
      expect(configOf({ ATLASSIAN_SITE_URL: `${url}/` }).site.url).toBe(url);
    }
  });

  it.each([
    ['5', { count: 5, percent: 0 }],
    ['100%', { count: 0, percent: 100 }],
    ['20%,10', { count: 10, percent: 20 }],
    ['off', 'off'],
  ])('reads a limit of removals from %s', (text, limit) => {
    expect(configOf({ ACCESS_LOSS_LIMIT: text }).brake.accessLoss).toEqual(limit);
  });

  it('takes a caller that comes twice as one with two secrets', () => {
    const tokens = `okta:${SECRET}1,entra:${SECRET}2,okta:${SECRET}3`;
    expect(configOf({ SCIM_TOKENS: tokens }).callers).toEqual([
      { name: 'okta', secrets: [`${SECRET}1`, `${SECRET}3`], isReadOnly: false },
      { name: 'entra', secrets: [`${SECRET}2`], isReadOnly: false },
    ]);
  });

  it('takes a caller with :ro as one that only reads [SA13]', () => {
    const tokens = `okta:${SECRET}1,report:${SECRET}2:ro,report:${SECRET}3:ro`;
    expect(configOf({ SCIM_TOKENS: tokens }).callers).toEqual([
      { name: 'okta', secrets: [`${SECRET}1`], isReadOnly: false },
      { name: 'report', secrets: [`${SECRET}2`, `${SECRET}3`], isReadOnly: true },
    ]);
  });

  it.each([
    [{ ATLASSIAN_ORG_ID: 'org-1' }, 'ATLASSIAN_ORG_API_KEY is missing'],
    [{ ATLASSIAN_ORG_API_KEY: 'key' }, 'ATLASSIAN_ORG_ID is missing'],
    [{ TLS_CERT_FILE: 'tls.crt' }, 'TLS_KEY_FILE is missing'],
    [{ TLS_KEY_FILE: 'tls.key' }, 'TLS_CERT_FILE is missing'],
    [
      { TLS_CERT_FILE: 'tls.crt', TLS_KEY_FILE: 'tls.key', PUBLIC_URL: 'http://scim.acme.com' },
      'PUBLIC_URL must begin with https://',
    ],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'NODE_TLS_REJECT_UNAUTHORIZED is 0'],
    [{ DEACTIVATION: 'suspend' }, 'DEACTIVATION can be suspend only with ATLASSIAN_ORG_ID'],
    [
      { DEFAULT_EMAIL_DOMAIN: 'acme.com', ALLOWED_EMAIL_DOMAINS: '*.acme.com' },
      'DEFAULT_EMAIL_DOMAIN is not among ALLOWED_EMAIL_DOMAINS',
    ],
    [
      { SCIM_TOKENS: SETTINGS.SCIM_TOKENS.example, HOST: '0.0.0.0' },
      'SCIM_TOKENS holds the secret of the example, which everybody knows',
    ],
    [
      { SCIM_TOKENS: SETTINGS.SCIM_TOKENS.example, PUBLIC_URL: 'https://scim.acme.com' },
      'SCIM_TOKENS holds the secret of the example, which everybody knows',
    ],
  ])('refuses %j, which is right only in other company', (env, problem) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('brackets an IPv6 host in its public address', () => {
    expect(configOf({ HOST: '::1', PORT: '81' }).publicUrl).toBe('http://[::1]:81');
  });

  it('has an https public address with a certificate of its own [SA20]', () => {
    const tls = { TLS_CERT_FILE: 'tls.crt', TLS_KEY_FILE: 'tls.key' };
    expect(configOf(tls)).toMatchObject({
      publicUrl: 'https://127.0.0.1:8080',
      tls: { certFile: 'tls.crt', keyFile: 'tls.key' },
    });
  });

  it.each([
    ['2', 2],
    ['Loopback', ['loopback']],
    ['10.0.0.0/8, 2001:db8::/32 ,192.0.2.1', ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']],
  ])('trusts the proxies of %s [SA20]', (text, trusted) => {
    expect(configOf({ TRUST_PROXY: text }).trustProxy).toEqual(trusted);
  });

  it.each([
    ['http://proxy.acme.com:3128/', 'http://proxy.acme.com:3128', undefined],
    ['https://bridge:p%40ss:word@[2001:db8::1]', 'https://[2001:db8::1]', 'bridge:p@ss:word'],
  ])('reads the proxy %s [SA20]', (text, origin, pair) => {
    const authorization = pair && `Basic ${Buffer.from(pair).toString('base64')}`;
    expect(configOf({ UPSTREAM_PROXY: text }).site.proxy).toEqual({ origin, authorization });
  });

  it.each([
    [{ SCIM_TOKEN: 'x' }, 'Was SCIM_TOKENS meant?'],
    [{ ATLASIAN_SITE_URL: 'x' }, 'Was ATLASSIAN_SITE_URL meant?'],
    [{ adopt_groups: 'x' }, 'Was ADOPT_GROUPS meant?'],
    [{ PROFILE_UPDATES: 'record' }, 'PROFILE_UPDATES=record answers success'],
    [{ ACCESS_LOSS_LIMIT: 'off' }, 'ACCESS_LOSS_LIMIT=off lets'],
    [{ GROUP_REMOVAL_LIMIT: 'off' }, 'GROUP_REMOVAL_LIMIT=off lets'],
    [{ HOST: '0.0.0.0' }, 'PUBLIC_URL is not set'],
    [{ PUBLIC_URL: 'http://scim.acme.com' }, 'PUBLIC_URL is plain http'],
    [{ HTTPS_PROXY: 'http://proxy.acme.com' }, 'HTTPS_PROXY is ignored. Set UPSTREAM_PROXY'],
    [{ REQUEST_BUDGET_SECONDS: '60' }, 'Okta gives up after 60 seconds'],
    [{ SCIM_TOKENS: SETTINGS.SCIM_TOKENS.example }, 'good for a first try only'],
  ])('warns of %j', (env: Environment, warning) => {
    const { warnings } = configOf(env);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(warning);
  });

  it('does not warn of variables that have nothing to do with the bridge', () => {
    const others = { HOME: '/root', POST: 'x', LOST: 'x', PATH: '/bin', PORTS: 'x', JIRA_SITE_URL: 'x', LOG: 'x' };
    expect(configOf(others).warnings).toEqual([]);
  });
});

describe('secretsOf', () => {
  it('names the password of a proxy, and the pair as it is sent [SA7]', () => {
    const secrets = secretsOf(configOf({ UPSTREAM_PROXY: 'http://bridge:pass:word@proxy.acme.com' }));
    expect(secrets).toEqual(expect.arrayContaining(['pass:word', Buffer.from('bridge:pass:word').toString('base64')]));
  });

  it('names every secret, and the site credential as Basic authentication sends it [SA7]', () => {
    const secrets = secretsOf(configOf({ ...ORGANIZATION, SCIM_TOKENS: `okta:${SECRET}1,okta:${SECRET}2` }));
    const basic = Buffer.from('Admin@acme.com:the-token-of-the-site').toString('base64');
    expect(new Set(secrets)).toEqual(
      new Set(['the-token-of-the-site', basic, 'the-key-of-the-organization', `${SECRET}1`, `${SECRET}2`]),
    );
  });
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const lines = Array.from(text.matchAll(/^(# )?([A-Z_]+)=(.*)$/gm), ([, comment, name = '', value = '']) => ({
    name,
    value,
    isOn: comment === undefined,
  }));

  it('explains every setting once, and none that does not exist', () => {
    expect(lines.map(({ name }) => name).sort()).toEqual(
      [...Object.keys(SETTINGS), ...Object.keys(SECRET_FILES)].sort(),
    );
  });

  it('has the required settings on and the others off', () => {
    const required = Object.entries(SETTINGS).filter(([, setting]) => 'problem' in setting.read(undefined));
    expect(lines.filter(({ isOn }) => isOn).map(({ name }) => name)).toEqual(required.map(([name]) => name));
  });

  it('shows the default, or else the example', () => {
    for (const { name, value } of lines) {
      const example = SECRET_FILES[name] ?? SETTINGS[name as keyof typeof SETTINGS].example;
      expect({ name, value }).toEqual({ name, value: example });
    }
  });

  it('is a configuration for a first try as it stands, and with every line on that names no file', () => {
    const on = Object.fromEntries(lines.filter(({ isOn }) => isOn).map(({ name, value }) => [name, value]));
    const values = lines.filter(({ name }) => !(name in SECRET_FILES));
    const all = Object.fromEntries(values.map(({ name, value }) => [name, value]));
    expect(readConfig(on).warnings).toEqual([expect.stringContaining('good for a first try only')]);
    expect(() => readConfig({ ...all, SCIM_TOKENS: `okta:${SECRET}` })).not.toThrow();
  });
});
