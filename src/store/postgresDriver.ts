import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type DataTypeNode,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  SelectQueryNode,
  type TransactionSettings,
} from 'kysely';
import type pg from 'pg';
import { Failure } from '../provisioning/failure.js';
import { spoilt } from './driverErrors.js';
import type { Fence } from './fence.js';
import { endsConnection, fromPostgres } from './postgresErrors.js';
import { assertStorable } from './storable.js';
import { type Turn, Turns } from './turns.js';

/** How long a transaction waits for those of its own process that are before it. */
const TURN_WAIT_MS = 10_000;

/**
 * Taken first by every transaction that writes, and dropped by the server when it ends: one at a time writes to a
 * schema, across instances, as SQLite's `begin immediate` has it. So what a transaction reads cannot change before it
 * writes, and numbers that count up are seen in their order.
 */
const WRITE_LOCK = "select pg_advisory_xact_lock(hashtext('confluence-scim-bridge'), hashtext(current_schema()))";

/**
 * How statements write. `inTurn`: one transaction after the other. `alone`: each by itself, at once; for statements that
 * are right whatever others do meanwhile. `never`: reading only.
 */
export type Writing = 'inTurn' | 'alone' | 'never';

function toParameter(value: unknown): string | number | bigint | Buffer | null {
  if (typeof value === 'string') {
    assertStorable(value);
    return value;
  }
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' || typeof value === 'bigint' || value === null || Buffer.isBuffer(value)) return value;
  throw new TypeError(`A value of type ${typeof value} cannot be bound to a statement.`);
}

/** Kysely's connection on `pg`: a client of the pool from the first statement on. */
class PostgresConnection implements DatabaseConnection {
  readonly #pool: pg.Pool;
  readonly #turns: Turns;
  readonly #writing: Writing;
  readonly #fence: Fence | undefined;
  #client: pg.PoolClient | undefined;
  #turn: Turn | undefined;
  #isInTransaction = false;
  #isReading = false;
  #isBroken = false;

  constructor(pool: pg.Pool, turns: Turns, writing: Writing, fence: Fence | undefined) {
    this.#pool = pool;
    this.#turns = turns;
    this.#writing = writing;
    this.#fence = fence;
  }

  async executeQuery<Row>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<Row>> {
    const values = parameters.map(toParameter);
    if (this.#writing === 'never' && !this.#isInTransaction) return this.#runReadOnly<Row>(sql, values);
    if (this.#isInTransaction || this.#writing !== 'inTurn' || SelectQueryNode.is(query)) {
      return this.#run<Row>(sql, values);
    }
    await this.begin({});
    try {
      const result = await this.#run<Row>(sql, values);
      await this.commit();
      return result;
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /**
   * READ COMMITTED, whose statements each see what was committed when they began: the lock is had before the first of
   * them. Who only reads takes no lock, and sees one state of the database in all of its statements.
   */
  async begin({ accessMode }: TransactionSettings): Promise<void> {
    this.#isReading = accessMode === 'read only' || this.#writing === 'never';
    if (!this.#isReading) await this.#awaitTurn();
    // Also where the server did not answer: it may have begun.
    this.#isInTransaction = true;
    try {
      await this.#ask(
        this.#isReading
          ? 'begin isolation level repeatable read read only'
          : `begin isolation level read committed; ${WRITE_LOCK}`,
      );
    } catch (error) {
      await this.rollback();
      throw error;
    }
  }

  /** The locks of the work are looked at so that nobody takes one over until the commit. */
  async commit(): Promise<void> {
    if (!this.#isReading) await this.#fence?.assertHeld((sql, values) => this.#ask(`${sql} for share`, values));
    const { command } = await this.#ask('commit');
    this.#isInTransaction = false;
    this.#endTurn();
    // A transaction in which a statement failed is rolled back by its commit, without an error.
    if (command !== 'COMMIT') throw spoilt();
  }

  /** Never fails: what led to it is what counts, and a connection that cannot even do this is given up. */
  async rollback(): Promise<void> {
    if (!this.#isInTransaction) return;
    this.#isInTransaction = false;
    try {
      if (!this.#isBroken && this.#client !== undefined) await this.#ask('rollback');
    } catch {
      this.#isBroken = true;
    }
    this.#endTurn();
  }

  /** Gives the client back; a broken one is closed, and with it whatever the server still does for it. */
  release(): void {
    this.#endTurn();
    this.#client?.release(this.#isBroken);
    this.#client = undefined;
  }

  streamQuery(): never {
    throw new Error('The store reads page by page and streams nothing.');
  }

  /** In a transaction that the server itself keeps from writing. */
  async #runReadOnly<Row>(sql: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    await this.begin({ accessMode: 'read only' });
    try {
      return await this.#run<Row>(sql, values);
    } finally {
      await this.rollback();
    }
  }

  async #run<Row>(sql: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    const { rows, rowCount } = await this.#ask(sql, values);
    return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) };
  }

  async #ask(sql: string, values?: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      this.#client ??= await this.#pool.connect();
      return await this.#client.query(sql, values === undefined ? undefined : [...values]);
    } catch (error) {
      this.#isBroken ||= endsConnection(error);
      throw fromPostgres(error);
    }
  }

  /** In this process first, so that one connection at most waits for the lock and the others are free for readers. */
  async #awaitTurn(): Promise<void> {
    const turn = this.#turns.next();
    const timer = new AbortController();
    const isLate = sleep(TURN_WAIT_MS, true, { signal: timer.signal, ref: false }).catch(() => false);
    const hasBegun = await Promise.race([turn.begun.then(() => true), isLate.then(() => false)]);
    timer.abort();
    if (hasBegun) {
      this.#turn = turn;
      return;
    }
    turn.end();
    throw new Failure('unavailable', 'The database of the bridge is busy. Send the request again.', {
      retryAfterSeconds: 5,
    });
  }

  #endTurn(): void {
    this.#turn?.end();
    this.#turn = undefined;
  }
}

export class PostgresDriver implements Driver {
  readonly #pool: pg.Pool;
  readonly #assertOutside: () => void;
  readonly #writing: Writing;
  readonly #fence: Fence | undefined;
  readonly #turns = new Turns();

  /**
   * @param assertOutside throws where the caller already holds a connection through a transaction of its own
   * @param fence         asked before each commit
   */
  constructor(pool: pg.Pool, assertOutside: () => void, writing: Writing, fence?: Fence) {
    this.#pool = pool;
    this.#assertOutside = assertOutside;
    this.#writing = writing;
    this.#fence = fence;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  acquireConnection(): Promise<PostgresConnection> {
    return new Promise((resolve) => resolve(this.#open()));
  }

  beginTransaction(connection: PostgresConnection, settings: TransactionSettings): Promise<void> {
    return connection.begin(settings);
  }

  commitTransaction(connection: PostgresConnection): Promise<void> {
    return connection.commit();
  }

  rollbackTransaction(connection: PostgresConnection): Promise<void> {
    return connection.rollback();
  }

  releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
    return Promise.resolve();
  }

  /** The pool may be others' as well: whoever made it ends it. */
  destroy(): Promise<void> {
    return Promise.resolve();
  }

  #open(): PostgresConnection {
    this.#assertOutside();
    if (this.#pool.ending) {
      throw new Failure('unavailable', 'The bridge is stopping. Send the request again.', { retryAfterSeconds: 5 });
    }
    return new PostgresConnection(this.#pool, this.#turns, this.#writing, this.#fence);
  }
}

/** Text is ordered by its bytes, as in SQLite, whatever language the database was made for. */
class Compiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    super.visitDataType(node);
    if (node.dataType === 'text') this.append(' collate "C"');
  }
}

/** PostgreSQL's grammar from Kysely, our driver under it. */
export class PostgresDialect implements Dialect {
  readonly #driver: PostgresDriver;

  constructor(driver: PostgresDriver) {
    this.#driver = driver;
  }

  createDriver(): PostgresDriver {
    return this.#driver;
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new Compiler();
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }
}
