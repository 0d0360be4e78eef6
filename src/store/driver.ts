import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type Sqlite from 'libsql';
import {
  SelectQueryNode,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import { Failure } from '../provisioning/failure.js';
import { fromDriver, spoilt, sqliteCode } from './driverErrors.js';
import type { Fence } from './fence.js';
import { assertStorable } from './storable.js';
import { Turns, type Turn } from './turns.js';

/** How long a statement waits for another process that is writing. */
const BUSY_WAIT_MS = 5_000;
const BUSY_POLL_MS = 5;
const CACHED_STATEMENTS = 256;

/** What libsql can bind. A boolean would abort the whole process inside the native code, where nothing can catch it. */
type Bindable = string | number | bigint | Buffer | null;

function toBindable(value: unknown): Bindable {
  if (typeof value === 'string') {
    assertStorable(value);
    return value;
  }
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // libsql binds numbers as floating point: in a text column 1 would become "1.0".
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'bigint' || value === null || Buffer.isBuffer(value)) return value;
  throw new TypeError(`A value of type ${typeof value} cannot be bound to a statement.`);
}

/**
 * Repeats what another process's lock refuses. libsql is synchronous: waiting inside it would stop the event loop, and
 * with it a transaction of this very process that has to end first.
 */
export async function waitWhileBusy<T>(work: () => T): Promise<T> {
  const giveUpAt = performance.now() + BUSY_WAIT_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (sqliteCode(error)?.startsWith('SQLITE_BUSY') !== true || performance.now() >= giveUpAt) throw error;
      await sleep(BUSY_POLL_MS);
    }
  }
}

function displaced(): Failure {
  return new Failure(
    'unavailable',
    'The database file of the bridge was deleted or replaced while it ran, so nothing can be recorded. The operator should put the file back, and start the bridge anew.',
    { retryAfterSeconds: 60 },
  );
}

/** Runs `work`; what the driver throws becomes a Failure here and nowhere else. */
async function translated<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromDriver(error);
  }
}

/** What a connection is for. */
type Purpose = 'write' | 'read';

/** Kysely's connection on libsql. There is one for a database, used by one caller at a time. */
class LibsqlConnection implements DatabaseConnection {
  readonly #database: Sqlite.Database;
  readonly #isInPlace: () => boolean;
  readonly #purpose: Purpose;
  readonly #fence: Fence | undefined;
  readonly #statements = new Map<string, Sqlite.Statement>();
  #isSpoilt = false;

  constructor(database: Sqlite.Database, isInPlace: () => boolean, purpose: Purpose, fence: Fence | undefined) {
    this.#database = database;
    this.#isInPlace = isInPlace;
    this.#purpose = purpose;
    this.#fence = fence;
  }

  executeQuery<Row>({ sql, parameters, query }: CompiledQuery): Promise<QueryResult<Row>> {
    return translated(async () => {
      const values = parameters.map(toBindable);
      if (this.#database.inTransaction) return this.#runInside<Row>(sql, values);
      if (SelectQueryNode.is(query)) return waitWhileBusy(() => this.#run<Row>(sql, values));
      // A prepared write that met a busy database stays in progress inside libsql, and then no later transaction can
      // commit. So the lock is taken first, by a statement that is not kept.
      await this.begin();
      try {
        const result = this.#run<Row>(sql, values);
        await this.commit();
        return result;
      } catch (error) {
        this.rollback();
        throw error;
      }
    });
  }

  /**
   * Immediate: the write lock is taken first, so that what a transaction reads cannot change before it writes. Who only
   * reads holds up nobody.
   */
  begin(): Promise<void> {
    return translated(() => {
      // What is written to a deleted file is gone with the process, though SQLite itself notices nothing.
      if (!this.#isInPlace()) throw displaced();
      this.#isSpoilt = false;
      return waitWhileBusy(() => this.#execute(this.#purpose === 'write' ? 'begin immediate' : 'begin'));
    });
  }

  /** A transaction in which a statement failed is not kept, as PostgreSQL has it. */
  commit(): Promise<void> {
    return translated(async () => {
      if (this.#isSpoilt) throw spoilt();
      await this.#fence?.assertHeld((sql, values) => Promise.resolve(this.#run(sql, values)));
      this.#execute('commit');
    });
  }

  rollback(): void {
    // SQLite rolls back by itself on some errors (a full disk); a second rollback would hide the first error.
    if (this.#database.inTransaction) this.#execute('rollback');
  }

  streamQuery(): never {
    throw new Error('The store reads page by page and streams nothing.');
  }

  /**
   * Moves the log into the database first: statements that the garbage collector has not seen yet keep libsql from
   * doing so by itself, and what was deleted would live on in the log.
   */
  close(): void {
    this.#statements.clear();
    try {
      this.#execute('pragma wal_checkpoint(truncate)');
    } catch {
      // Nothing is lost: the next one to open the database finds the log.
    }
    this.#database.close();
  }

  /** Without a prepared statement, so that nothing stays in progress whatever happens. */
  #execute(sql: string): void {
    this.#database.exec(sql);
  }

  #runInside<Row>(sql: string, values: readonly Bindable[]): QueryResult<Row> {
    try {
      return this.#run<Row>(sql, values);
    } catch (error) {
      this.#isSpoilt = true;
      throw error;
    }
  }

  #run<Row>(sql: string, values: readonly Bindable[]): QueryResult<Row> {
    const statement = this.#prepare(sql);
    if (statement.reader) return { rows: statement.all(values) as Row[] };
    return { rows: [], numAffectedRows: BigInt(statement.run(values).changes) };
  }

  /** Preparing costs more than running most of our statements; the least recently used one makes room. */
  #prepare(sql: string): Sqlite.Statement {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    if (this.#statements.size > CACHED_STATEMENTS) {
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    return statement;
  }
}

export class LibsqlDriver implements Driver {
  readonly #connection: LibsqlConnection;
  readonly #turns = new Turns();
  readonly #assertOutside: () => void;
  #turn: Turn | undefined;
  #isClosed = false;

  /**
   * @param assertOutside throws where the caller already holds the connection through a transaction of its own
   * @param isInPlace           whether the file that was opened is still the one at its path; asked before each write
   * @param purpose             `read` where nothing is ever written
   * @param fence               asked before each commit
   */
  constructor(
    database: Sqlite.Database,
    assertOutside: () => void,
    isInPlace: () => boolean = () => true,
    purpose: Purpose = 'write',
    fence?: Fence,
  ) {
    this.#connection = new LibsqlConnection(database, isInPlace, purpose, fence);
    this.#assertOutside = assertOutside;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<LibsqlConnection> {
    this.#assertOutside();
    const turn = this.#turns.next();
    await turn.begun;
    if (this.#isClosed) {
      turn.end();
      throw new Failure('unavailable', 'The bridge is stopping. Send the request again.', { retryAfterSeconds: 5 });
    }
    this.#turn = turn;
    return this.#connection;
  }

  beginTransaction(connection: LibsqlConnection): Promise<void> {
    return connection.begin();
  }

  commitTransaction(connection: LibsqlConnection): Promise<void> {
    return connection.commit();
  }

  rollbackTransaction(connection: LibsqlConnection): Promise<void> {
    connection.rollback();
    return Promise.resolve();
  }

  releaseConnection(): Promise<void> {
    this.#turn?.end();
    this.#turn = undefined;
    return Promise.resolve();
  }

  /** Closes the database after whoever is using it. */
  async destroy(): Promise<void> {
    if (this.#isClosed) return;
    const turn = this.#turns.next();
    await turn.begun;
    this.#isClosed = true;
    this.#connection.close();
    turn.end();
  }
}

/** SQLite's grammar from Kysely, our driver under it. */
export class LibsqlDialect implements Dialect {
  readonly #driver: LibsqlDriver;

  constructor(driver: LibsqlDriver) {
    this.#driver = driver;
  }

  createDriver(): LibsqlDriver {
    return this.#driver;
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}
