import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { isTuttiError, privateModes, reasonOf } from "@tutti/kernel";
import { createPrivateFile } from "../../disk/private-file.ts";
import { archiveErrors } from "../errors.ts";
import { formatVersion, schema } from "./schema.ts";

/** A row as returned by SQLite. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * The database file of an archive.
 *
 * 1. A transaction is complete or absent, and is on the disk when `transaction` returns.
 * 2. SQLite silently drops everything in its log after a flipped bit. So the log never contains pages that are in the
 *    database file already, because a remaining part could hide newer pages. `checkpointLog` moves everything into the file.
 * 3. Damage that SQLite detects is reported with its place, never as an empty answer.
 */
export class ArchiveDatabase {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #checkpoint: StatementSync;
  #isSettled = false;

  constructor(file: string, access: "write" | "read") {
    this.file = file;
    this.#database = this.#guarded(() => (access === "write" ? opened(file) : openedToRead(file)));
    try {
      this.#begin = this.#prepared("BEGIN IMMEDIATE");
      this.#commit = this.#prepared("COMMIT");
      this.#checkpoint = this.#prepared("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  statement(sql: string): Statement {
    return new Statement(this.#prepared(sql), (work) => this.#guarded(work));
  }

  /** Runs the work in a transaction. */
  transaction<Result>(work: () => Result): Result {
    return this.#guarded(() => {
      this.#begin.run();
      let result: Result;
      try {
        result = work();
        this.#isSettled = false;
        this.#commit.run();
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
      if (this.#logBytes() >= checkpointBytes) this.checkpointLog();
      return result;
    });
  }

  /**
   * Moves everything committed into the database file, and empties the log. Returns false while another process (a
   * verification) reads the log: then the log stays, and the caller retries later.
   */
  checkpointLog(): boolean {
    if (!this.#isSettled) {
      const result = this.#guarded(() => this.#checkpoint.get());
      this.#isSettled = Number(result?.["busy"]) === 0;
    }
    return this.#isSettled;
  }

  /** Returns up to `pages` unused pages to the file system. Returns whether there are more. */
  vacuum(pages: number): boolean {
    return this.#guarded(() => {
      const free = this.#number("PRAGMA freelist_count");
      if (free < vacuumFrom) return false;
      this.#database.exec(`PRAGMA incremental_vacuum(${pages})`);
      this.#isSettled = false;
      return free - pages >= vacuumFrom;
    });
  }

  /** Bytes on disk, including the log. */
  bytes(): number {
    return this.#guarded(
      () => this.#number("PRAGMA page_count") * this.#number("PRAGMA page_size") + this.#logBytes(),
    );
  }

  /**
   * Copies the committed data while everything continues. The copy has its own connection and runs in one go, because a
   * copy in steps restarts or fails with every write. The log cannot be emptied before the copy is complete.
   */
  async backup(file: string): Promise<void> {
    mkdirSync(dirname(file), { recursive: true, mode: privateModes.folder });
    createPrivateFile(file);
    const source = this.#guarded(() => openedToRead(this.file));
    try {
      await backup(source, file, { rate: allPages });
    } catch (error) {
      throw this.#failure(error);
    } finally {
      source.close();
    }
  }

  /** Reads everything, and returns SQLite's findings. */
  integrity(): readonly string[] {
    return this.#guarded(() =>
      this.#database
        .prepare("PRAGMA integrity_check(20)")
        .all()
        .map((row) => String(Object.values(row)[0]))
        .filter((text) => text !== "ok"),
    );
  }

  close(): void {
    this.#guarded(() => this.#database.close());
  }

  #prepared(sql: string): StatementSync {
    try {
      return this.#database.prepare(sql);
    } catch (error) {
      // Tables and statements are our own, so a mismatch means that the tables were changed.
      const found = `tables that are not as they were made (${reasonOf(error)})`;
      throw archiveErrors.damaged(
        { place: { file: this.file, table: "sqlite_schema" }, found },
        { cause: error },
      );
    }
  }

  #logBytes(): number {
    return statSync(`${this.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  #number(sql: string): number {
    return Number(Object.values(this.#database.prepare(sql).get() ?? {})[0] ?? 0);
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    const reason = reasonOf(error);
    if (isOutOfRange(error)) {
      return archiveErrors.damaged({ place: { file: this.file }, found: reason }, { cause: error });
    }
    if (isTuttiError(error) || !isSqliteError(error)) return error;
    // The lower eight bits are the class of the error, the others the exact error.
    const kind = error.errcode & 0xff;
    if (kind === sqlite.corrupt || kind === sqlite.notADatabase) {
      const extras = { cause: error };
      return archiveErrors.damaged({ place: { file: this.file }, found: reason }, extras);
    }
    return kind === sqlite.full
      ? archiveErrors.full({ reason })
      : archiveErrors.failed({ reason }, { cause: error });
  }
}

/** A prepared statement. */
export class Statement {
  readonly #statement: StatementSync;
  readonly #guarded: <Result>(work: () => Result) => Result;

  constructor(statement: StatementSync, guarded: <Result>(work: () => Result) => Result) {
    this.#statement = statement;
    this.#guarded = guarded;
  }

  run(...values: readonly SQLInputValue[]): number {
    return this.#guarded(() => Number(this.#statement.run(...values).changes));
  }

  get(...values: readonly SQLInputValue[]): Row | undefined {
    return this.#guarded(() => this.#statement.get(...values));
  }

  all(...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#guarded(() => this.#statement.all(...values));
  }

  /** Passes rows one by one until `visit` returns false. */
  each(values: readonly SQLInputValue[], visit: (row: Row) => boolean): void {
    this.#guarded(() => {
      for (const row of this.#statement.iterate(...values)) if (!visit(row)) return;
    });
  }
}

/** SQLite's own result codes. */
const sqlite = { corrupt: 11, full: 13, notADatabase: 26 } as const;
/** A thousand pages, as in SQLite's own checkpoints: larger ones stall, smaller ones sync more. */
const checkpointBytes = 1_000 * 4_096;
const vacuumFrom = 64;
/** More than a file has. */
const allPages = 2 ** 30;

function opened(file: string): DatabaseSync {
  // Only one process writes. So only a checkpoint can meet another process, and nothing waits for that.
  createPrivateFile(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // Set before anything is written: it cannot be changed later.
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA cache_size = -4000");
    if (versionOf(database, file) === 0) {
      database.exec(`BEGIN; ${schema} PRAGMA user_version = ${formatVersion}; COMMIT`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openedToRead(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    versionOf(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function versionOf(database: DatabaseSync, file: string): number {
  const version = Number(Object.values(database.prepare("PRAGMA user_version").get() ?? {})[0] ?? 0);
  if (version <= formatVersion) return version;
  throw archiveErrors.formatUnknown({ file, version, known: formatVersion });
}

/** Detects a whole number that no statement of ours wrote: ours are all below 2^53. */
function isOutOfRange(error: unknown): boolean {
  return error instanceof RangeError && "code" in error && error.code === "ERR_OUT_OF_RANGE";
}

function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}
