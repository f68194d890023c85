/** The file of the store. A release with another format must read the previous one. */

import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { createPrivateFile } from "@tutti/journal/log";
import { privateModes } from "@tutti/kernel";

const format = 1;

const tables = `
  CREATE TABLE metric (
    namespace TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, help TEXT NOT NULL, unit TEXT NOT NULL,
    labels TEXT NOT NULL, PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE series (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, metric TEXT NOT NULL, statistic TEXT NOT NULL,
    labels TEXT NOT NULL, last_slot INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE block (
    series INTEGER NOT NULL, is_coarse INTEGER NOT NULL, place INTEGER NOT NULL, sum INTEGER NOT NULL,
    bytes BLOB NOT NULL, PRIMARY KEY (series, is_coarse, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE piece (
    number INTEGER PRIMARY KEY, from_slot INTEGER NOT NULL, to_slot INTEGER NOT NULL, sum INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
`;

export interface OpenedFile {
  readonly database: DatabaseSync;
  /** New path of a file that could not be read, and the reason. Undefined if the file was readable. */
  readonly movedAside: { readonly file: string; readonly reason: string } | undefined;
}

/** Opens the file and moves a damaged one aside: recording new series matters more than keeping old ones. */
export function openFile(file: string, nowMs: number): OpenedFile {
  mkdirSync(dirname(file), { recursive: true, mode: privateModes.folder });
  try {
    return { database: opened(file), movedAside: undefined };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const newPath = `${file}.damaged-${nowMs}`;
    renameSync(file, newPath);
    for (const end of ["-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    return { database: opened(file), movedAside: { file: newPath, reason: error.message } };
  }
}

function opened(file: string): DatabaseSync {
  createPrivateFile(file);
  // A reader that closes the last connection locks the file for a moment.
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    // A process that is killed loses nothing. After a power failure the last minutes may be missing.
    database.exec(
      "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2000",
    );
    const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (found === 0) database.exec(`BEGIN; ${tables} PRAGMA user_version = ${format}; COMMIT`);
    else if (found !== format)
      throw new Error(`${file} has format ${found}, which this release does not support`);
    database.prepare("SELECT count(*) FROM metric").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Codes of SQLite for a malformed page, and for a file that is no database. The lower eight bits name the kind. */
export const corrupt: readonly number[] = [11, 26];
const damaged: readonly number[] = [1, ...corrupt];

export function isDamage(error: unknown, codes = damaged): error is Error {
  return (
    error instanceof Error &&
    "errcode" in error &&
    typeof error.errcode === "number" &&
    codes.includes(error.errcode & 0xff)
  );
}

export function sumOf(bytes: Uint8Array): number {
  return crc32(bytes);
}
