import type pg from 'pg';
import type { BackEnd } from '../../src/provisioning/directory.js';
import { type Sandbox, startSandbox, type StartOptions } from '../../src/sandbox/server.js';
import { type ServeProcess, startServe } from '../process/child.js';
import { asSuperuser, newSchema } from '../support/postgres.js';

/** Several `serve`, each a process of its own, on one PostgreSQL database and one site. */
export interface Cluster {
  readonly sandbox: Sandbox;
  readonly url: string;
  /** The instances that run, in the order of their start. */
  readonly instances: readonly ServeProcess[];
  /** As a load balancer sends it that keeps no caller to one instance: to each in turn. */
  readonly scim: ServeProcess['scim'];
  /** One more instance, ready to serve. @throws Error with the exit code of one that does not start */
  start(settings?: Readonly<Record<string, string>>): Promise<ServeProcess>;
  /** `kill -9`. */
  kill(instance: ServeProcess): Promise<void>;
  /** Lets the leases of dead instances run out, as thirty seconds do. */
  endLeases(): Promise<void>;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly backEnd?: BackEnd;
  readonly settings?: Readonly<Record<string, string>>;
  readonly seed?: StartOptions['seed'];
  /** A database of the test's own; a new schema of the shared server when absent. */
  readonly url?: string;
}

export async function startCluster(count: number, options: ClusterOptions = {}): Promise<Cluster> {
  const { backEnd = 'organization', settings = {}, seed } = options;
  const isOrganization = backEnd === 'organization';
  const schema = options.url === undefined ? await newSchema() : undefined;
  const url = options.url ?? schema?.url ?? '';
  const sandbox = await startSandbox({
    jira: backEnd === 'jira',
    organization: isOrganization,
    ...(seed === undefined ? {} : { seed }),
  });
  const { orgId, orgApiKey } = sandbox.credentials;
  const environment = {
    DATABASE_URL: url,
    PUBLIC_URL: 'https://scim.example.com',
    ...(isOrganization ? { ATLASSIAN_ORG_ID: orgId, ATLASSIAN_ORG_API_KEY: orgApiKey } : {}),
    ...settings,
  };
  const instances: ServeProcess[] = [];
  let turn = 0;
  const cluster: Cluster = {
    sandbox,
    url,
    instances,
    scim(...request) {
      turn += 1;
      const instance = instances[turn % instances.length];
      if (instance === undefined) throw new Error('No instance runs.');
      return instance.scim(...request);
    },
    async start(more = {}) {
      const instance = await startServe(sandbox, '', { ...environment, ...more });
      instances.push(instance);
      return instance;
    },
    async kill(instance) {
      instances.splice(instances.indexOf(instance), 1);
      await instance.kill();
    },
    async endLeases() {
      await cluster.query('update locks set expires_at_ms = expires_at_ms - 30000');
    },
    query: <Row extends pg.QueryResultRow>(sql: string) =>
      asSuperuser(async (client) => (await client.query<Row>(sql)).rows, url),
    async close() {
      await Promise.all(instances.map((instance) => instance.kill()));
      await sandbox.close();
      await schema?.drop();
    },
  };
  await Promise.all(Array.from({ length: count }, () => cluster.start()));
  sandbox.takeCalls();
  return cluster;
}
