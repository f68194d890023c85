/** The tables of the book. A release that changes them reads those of the release before. */

import { readFileSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { createPrivateFile, inspectLog } from "@tutti/journal/log";
import { auditErrors } from "../errors.ts";

const format = 2;

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

/** Since format 2: the signed retention. */
const retentionTable = `
  CREATE TABLE retention (
    place INTEGER PRIMARY KEY CHECK (place = 1), kept_from_ms REAL NOT NULL, sign_time_ms REAL NOT NULL,
    signature BLOB NOT NULL, signing_key_id TEXT NOT NULL
  ) STRICT;
`;

export async function openBook(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import("node:sqlite");
  return namingFaults(() => {
    createPrivateFile(file);
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

/** Opens the file read-only. */
export async function openBookReadOnly(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import("node:sqlite");
  return namingFaults(() => {
    const log = `${file}-wal`;
    const hasLog = (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0;
    const damage = hasLog ? inspectLog(readFileSync(log)) : undefined;
    if (damage !== undefined)
      throw auditErrors.bookDamaged({ found: `a damaged frame ${damage.frame} in ${log}` });
    // Without a log nothing is created next to the file.
    const place = pathToFileURL(file);
    if (!hasLog) place.searchParams.set("immutable", "1");
    const database = new DatabaseSync(place, { readOnly: true });
    try {
      const [problem] = database
        .prepare("PRAGMA integrity_check(1)")
        .all()
        .map((row) => String(Object.values(row)[0]));
      if (problem !== "ok") throw auditErrors.bookDamaged({ found: problem ?? "nothing" });
      const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
      if (found !== format) throw auditErrors.bookNewer({ file, found, known: format });
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
  if (found === 0)
    database.exec(`BEGIN; ${tables} ${retentionTable} PRAGMA user_version = ${format}; COMMIT`);
  else if (found === 1) database.exec(`BEGIN; ${retentionTable} PRAGMA user_version = ${format}; COMMIT`);
  else if (found !== format) throw auditErrors.bookNewer({ file, found, known: format });
}

/** Result codes of SQLite. The lower eight bits name the kind. */
const sqlite = { error: 1, corrupt: 11, full: 13, notADatabase: 26 } as const;
const sqliteDamaged: readonly number[] = [sqlite.corrupt, sqlite.notADatabase, sqlite.error];

/** Runs work on the book, and names a full disk and a damaged file in its errors. */
export function namingFaults<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) throw error;
    const kind = error.errcode & 0xff;
    if (kind === sqlite.full) throw auditErrors.bookFull();
    if (sqliteDamaged.includes(kind)) throw auditErrors.bookDamaged({ found: error.message });
    throw error;
  }
}
