/** What the book of the audit is made of. A release that changes it reads what the one before wrote. */
import type { DatabaseSync } from "node:sqlite";
import { auditErrors } from "../errors.ts";

const format = 1;

const tables = `
  CREATE TABLE signing_key (place INTEGER PRIMARY KEY, id TEXT NOT NULL, encoded BLOB NOT NULL) STRICT;
  CREATE TABLE checkpoint (
    number INTEGER PRIMARY KEY, time_ms REAL NOT NULL, tree_size INTEGER NOT NULL, encoded BLOB NOT NULL
  ) STRICT;
  CREATE TABLE head (
    leaf INTEGER PRIMARY KEY, service TEXT NOT NULL, partition INTEGER NOT NULL, batch INTEGER NOT NULL,
    encoded BLOB NOT NULL, leaves BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX head_of_journal ON head (service, partition, batch);
  CREATE TABLE block (
    leaf INTEGER NOT NULL, first INTEGER NOT NULL, records INTEGER NOT NULL, first_ms REAL NOT NULL, last_ms REAL NOT NULL,
    namespaces TEXT NOT NULL, actors TEXT, actions TEXT, bytes BLOB, PRIMARY KEY (leaf, first)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX block_by_end ON block (last_ms, leaf, first) WHERE bytes IS NOT NULL;
  CREATE INDEX block_by_start ON block (first_ms, leaf, first) WHERE bytes IS NOT NULL;
`;

export async function openBook(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import("node:sqlite");
  return toldIfFull(() => {
    const database = new DatabaseSync(file);
    try {
      prepare(database, file);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepare(database: DatabaseSync, file: string): void {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA auto_vacuum = INCREMENTAL");
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (found === 0) database.exec(`BEGIN; ${tables} PRAGMA user_version = ${format}; COMMIT`);
  else if (found !== format) throw auditErrors.bookNewer({ file, found, known: format });
}

/** As SQLite numbers it. */
const sqliteFull = 13;

/** Work on the book: where the disk has no room for it, it says so. */
export function toldIfFull<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const isFull = error instanceof Error && "errcode" in error && error.errcode === sqliteFull;
    throw isFull ? auditErrors.bookFull() : error;
  }
}
