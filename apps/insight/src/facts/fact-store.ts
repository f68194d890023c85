/**
 * Facts on disk: a read model. If its file is missing or damaged, it is rebuilt from the lists of the services.
 *
 * 1. A row is written whole, and written again if its work changes. The last write counts.
 * 2. The cursor of each list is kept with the rows, in the same transaction.
 * 3. Rows of work that ended longer ago than the configured time are removed.
 * 4. Placements cannot be rebuilt, because pools keep only the latest ones.
 * 5. A new file accepts no cursor before its cursors were read. Otherwise the collector would continue where the
 *    previous file ended.
 */
import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { createPrivateFile } from "@tutti/journal/log";
import { privateModes } from "@tutti/kernel";
import { insightErrors } from "../errors.ts";
import { isDamage } from "../series/schema.ts";
import { type FactRow, type StoredTable, storedTables, timeText } from "./tables.ts";

export interface FactBatch {
  readonly rows: Readonly<Partial<Record<StoredTable, readonly FactRow[]>>>;
  /** How far each list was read, by name, in milliseconds since 1970. */
  readonly cursors: Readonly<Record<string, number>>;
}

/** Changes with the tables: rows of another format are rebuilt. */
const format = 6;
const sqlTypes = { text: "TEXT", integer: "INTEGER", real: "REAL" } as const;
const sweepRowsMax = 5_000;
/** A cursor that belongs to no list. It records that the cursors of the file were read. */
const readOnce = "read";
/** The column with the age of a row. */
const aged: Readonly<Partial<Record<StoredTable, string>>> = {
  work: "ended",
  attempt: "ended",
  placement: "ended",
  call: "minute",
  agent_state: "since",
  decision: "decided",
};

export class FactStore {
  readonly #database: DatabaseSync;
  readonly #insert: Readonly<Record<StoredTable, StatementSync>>;
  readonly #setCursor: StatementSync;
  #isUnread: boolean;

  constructor(file: string) {
    this.#database = openDatabase(file);
    this.#isUnread = this.#database.prepare("SELECT name FROM cursor LIMIT 1").get() === undefined;
    const insert = (table: StoredTable) => {
      const names = storedTables[table].columns.map(({ name }) => name);
      const places = names.map(() => "?").join(", ");
      return this.#database.prepare(
        `INSERT OR REPLACE INTO ${table} (${names.join(", ")}) VALUES (${places})`,
      );
    };
    this.#insert = {
      work: insert("work"),
      attempt: insert("attempt"),
      agent: insert("agent"),
      placement: insert("placement"),
      call: insert("call"),
      agent_state: insert("agent_state"),
      decision: insert("decision"),
    };
    this.#setCursor = this.#database.prepare("INSERT OR REPLACE INTO cursor VALUES (?, ?)");
  }

  close(): void {
    this.#database.close();
  }

  cursors(): Record<string, number> {
    if (this.#isUnread) this.#setCursor.run(readOnce, 0);
    this.#isUnread = false;
    const rows = this.#database.prepare("SELECT name, ms FROM cursor").all();
    return Object.fromEntries(rows.map((row) => [String(row["name"]), Number(row["ms"])]));
  }

  /** Returns the rows of the agents that were connected at the last record. */
  agents(): readonly FactRow[] {
    const names = storedTables.agent.columns.map(({ name }) => name);
    const rows = this.#database.prepare(`SELECT ${names.join(", ")} FROM agent WHERE state <> 'gone'`).all();
    return rows.map((row) => names.map((name) => row[name] as FactRow[number]));
  }

  record({ rows, cursors }: FactBatch): void {
    if (this.#isUnread && Object.keys(cursors).length > 0) throw insightErrors.factsRenewed();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const table of Object.keys(this.#insert) as StoredTable[])
        for (const row of rows[table] ?? []) this.#insert[table].run(...row);
      for (const [name, ms] of Object.entries(cursors)) this.#setCursor.run(name, ms);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Removes some of the rows that are too old. Returns their number. */
  sweep(beforeMs: number): number {
    let removed = 0;
    for (const [table, time] of Object.entries(aged)) {
      const old = `SELECT rowid FROM ${table} WHERE ${time} < ? LIMIT ${sweepRowsMax}`;
      const { changes } = this.#database
        .prepare(`DELETE FROM ${table} WHERE rowid IN (${old})`)
        .run(timeText(beforeMs) ?? "");
      removed += Number(changes);
    }
    if (removed > 0) this.#database.exec("PRAGMA incremental_vacuum(256)");
    return removed;
  }
}

function openDatabase(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: privateModes.folder });
  try {
    return opened(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    removeFacts(file);
    return opened(file);
  }
}

/** Removes the file of facts. Its content is rebuilt. */
export function removeFacts(file: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
}

function opened(file: string): DatabaseSync {
  createPrivateFile(file);
  // A reader that closes the last connection locks the file for a moment.
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    const missing = found >= 2 && found < format ? addedSince(found).join(" ") : schema();
    if (found !== format) database.exec(`BEGIN; ${missing} PRAGMA user_version = ${format}; COMMIT`);
    database.prepare("SELECT count(*) FROM cursor").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function tableOf(table: StoredTable): string {
  const { columns, key } = storedTables[table];
  const declared = columns.map(({ name, type }) => `${name} ${sqlTypes[type]}`).join(", ");
  return `DROP TABLE IF EXISTS ${table}; CREATE TABLE ${table} (${declared}, PRIMARY KEY (${key.join(", ")})) STRICT;`;
}

/** Columns of format 5 and of format 6. */
const addedColumns = [
  "ALTER TABLE placement ADD COLUMN strategy TEXT;",
  "ALTER TABLE placement ADD COLUMN input_bytes REAL;",
];

/** Returns the statements after a format. Placements cannot be rebuilt, so their table is kept. */
function addedSince(found: number): readonly string[] {
  return [...later.slice(found - 2), ...addedColumns.slice(Math.max(0, found - 4))];
}

/** Format 2 had no tables of these, format 3 had the first of them. */
const later = [
  `${tableOf("call")} CREATE INDEX call_minute ON call (minute);`,
  `${tableOf("agent_state")} CREATE INDEX agent_state_since ON agent_state (since);
    ${tableOf("decision")} CREATE INDEX decision_decided ON decision (decided);`,
];

function schema(): string {
  const tables = (["work", "attempt", "agent", "placement"] as const).map(tableOf);
  return `${tables.join(" ")} ${later.join(" ")}
    DROP TABLE IF EXISTS cursor; CREATE TABLE cursor (name TEXT PRIMARY KEY, ms REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX work_by_end ON work (kind, namespace, ended);
    CREATE INDEX attempt_by_end ON attempt (namespace, ended);
    CREATE INDEX work_end ON work (ended); CREATE INDEX attempt_end ON attempt (ended);
    CREATE INDEX placement_by_end ON placement (pool_namespace, pool, ended);
    CREATE INDEX placement_end ON placement (ended);`;
}
