/**
 * Statements of an SQLite file as operations.
 *
 * 1. A writing statement runs once for each task. Its output is stored in the same transaction, by the idempotency key. A
 *    second attempt gets the stored output.
 * 2. Values are bound. No part of the input becomes a part of a statement.
 */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { type OptionNames, requireKnown } from "../options.ts";
import type { JsonSchema } from "../task/handlers.ts";
import { type Adapter, type AdapterOperation, type RateLimit, rateNames } from "./adapter.ts";
import { adapterErrors } from "./errors.ts";

export interface SqliteOperation {
  /** One statement. `:name` is the member `name` of the input. */
  readonly sql: string;
  readonly description?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** Default: whether the statement starts with INSERT, UPDATE, DELETE or REPLACE. */
  readonly writes?: boolean;
}

export interface SqliteAdapterOptions {
  readonly name: string;
  readonly file: string;
  readonly operations: Readonly<Record<string, SqliteOperation>>;
  readonly rate?: RateLimit;
  /** How long a statement waits for another writer. Default: 5,000. */
  readonly busyMs?: number;
  /** Maximum rows of an answer. More rows fail the task. Default: 10,000. */
  readonly rowsMax?: number;
}

const optionNames: OptionNames<SqliteAdapterOptions> = {
  name: true,
  file: true,
  operations: true,
  rate: rateNames,
  busyMs: true,
  rowsMax: true,
};
const operationOptionNames: OptionNames<SqliteOperation> = {
  sql: true,
  description: true,
  input: true,
  output: true,
  writes: true,
};

export function sqliteAdapter(options: SqliteAdapterOptions): Adapter {
  requireKnown("sqliteAdapter", options, optionNames);
  for (const [name, operation] of Object.entries(options.operations))
    requireKnown(`${options.name}.${name}`, operation, operationOptionNames);
  const database = new Database(options);
  const operations = Object.entries(options.operations).map(([name, spec]): [string, AdapterOperation] => {
    const { sql, description, output } = spec;
    const writes = spec.writes ?? /^\s*(insert|update|delete|replace)\b/i.test(sql);
    const names = [
      ...new Set([...sql.matchAll(/'(?:[^']|'')*'|:([A-Za-z_]\w*)/g)].flatMap(([, found]) => found ?? [])),
    ];
    const input = spec.input ?? { type: "object", required: names };
    const operation = `${options.name}.${name}`;
    return [
      name,
      {
        input,
        repeat: writes ? "key" : "safe",
        ...(description !== undefined && { description }),
        ...(output !== undefined && { output }),
        call: async (input, { idempotencyKey, signal }) => {
          signal.throwIfAborted();
          const values = Object.fromEntries(
            names.map((each) => [each, bindValue(operation, each, input[each])]),
          );
          return database.run(operation, sql, values, writes ? idempotencyKey : undefined);
        },
      },
    ];
  });
  return {
    name: options.name,
    kind: "sqlite",
    operations: Object.fromEntries(operations),
    ...(options.rate !== undefined && { rate: options.rate }),
    check: () => database.check(options.operations),
    close: () => database.close(),
  };
}

type Values = Record<string, SQLInputValue>;

const callsTableSql = `CREATE TABLE IF NOT EXISTS tutti_calls (
  key TEXT PRIMARY KEY, output TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID`;
const defaults = { busyMs: 5_000, rowsMax: 10_000 };
const busyCode = 5;
/** Remedies by the code of SQLite. */
const remedies: Readonly<Record<number, string>> = {
  1: "Correct the statement of the operation, or `file` of the adapter.",
  8: "Let the user of the worker write the file and its folder.",
  14: "Let the user of the worker read and write the file and its folder.",
  26: "Correct `file` of the adapter.",
};

class Database {
  readonly #options: SqliteAdapterOptions;
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync | undefined;
  #hasCallsTable = false;

  constructor(options: SqliteAdapterOptions) {
    this.#options = options;
  }

  close(): void {
    this.#statements.clear();
    this.#hasCallsTable = false;
    this.#database?.close();
    this.#database = undefined;
  }

  async check(operations: SqliteAdapterOptions["operations"]): Promise<void> {
    const { name: adapter, file } = this.#options;
    // Opening a file that does not exist would create it. A missing folder is reported by opening.
    const isNew = this.#database === undefined && !existsSync(file) && existsSync(dirname(file));
    const database = isNew ? await opened(":memory:") : await this.#open();
    try {
      for (const [name, { sql }] of Object.entries(operations))
        try {
          prepare(database, sql);
        } catch (error) {
          throw failureOf(`${adapter}.${name}`, error, isNew ? `the file ${file} does not exist` : file);
        }
    } finally {
      if (isNew) database.close();
    }
  }

  async run(operation: string, sql: string, values: Values, key: string | undefined): Promise<unknown> {
    const database = await this.#open();
    try {
      return key === undefined
        ? this.#rows(operation, sql, values)
        : this.#runOnce(database, operation, sql, values, `${operation} ${key}`);
    } catch (error) {
      // If reused, a failed statement would report its last error again.
      this.#statements.delete(sql);
      throw failureOf(operation, error, this.#options.file);
    }
  }

  #runOnce(database: DatabaseSync, operation: string, sql: string, values: Values, key: string): unknown {
    if (!this.#hasCallsTable) database.exec(callsTableSql);
    this.#hasCallsTable = true;
    database.exec("BEGIN IMMEDIATE");
    try {
      const found = this.#prepared("SELECT output FROM tutti_calls WHERE key = ?").get(key);
      const output =
        found === undefined ? this.#changed(operation, sql, values) : JSON.parse(String(found["output"]));
      if (found === undefined)
        this.#prepared("INSERT INTO tutti_calls (key, output) VALUES (?, ?)").run(
          key,
          JSON.stringify(output),
        );
      database.exec("COMMIT");
      return output;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #changed(operation: string, sql: string, values: Values): unknown {
    if (/\breturning\b/i.test(sql)) return this.#rows(operation, sql, values);
    const { changes, lastInsertRowid } = this.#prepared(sql).run(values);
    return { changes: Number(changes), lastInsertId: Number(lastInsertRowid) };
  }

  #rows(operation: string, sql: string, values: Values): unknown {
    const { rowsMax = defaults.rowsMax } = this.#options;
    const rows: Record<string, unknown>[] = [];
    for (const row of this.#prepared(sql).iterate(values)) {
      if (rows.length === rowsMax)
        throw adapterErrors.answerUnreadable({ operation, reason: `it has more than ${rowsMax} rows` });
      rows.push(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(value)])));
    }
    return rows;
  }

  #prepared(sql: string): StatementSync {
    let known = this.#statements.get(sql);
    if (known === undefined) {
      if (this.#database === undefined) throw new Error("the database is closed");
      known = prepare(this.#database, sql);
    }
    this.#statements.set(sql, known);
    return known;
  }

  async #open(): Promise<DatabaseSync> {
    if (this.#database !== undefined) return this.#database;
    const { name, file, busyMs = defaults.busyMs } = this.#options;
    try {
      const database = await opened(file, busyMs);
      if (this.#database === undefined) this.#database = database;
      else database.close();
    } catch (error) {
      throw adapterErrors.unreachable(
        { operation: name, reason: `${file}: ${textOf(error)}` },
        { cause: error },
      );
    }
    return this.#database;
  }
}

async function opened(file: string, timeout = defaults.busyMs): Promise<DatabaseSync> {
  // Loaded by the first call, so that a worker without this adapter runs on a Node without SQLite.
  const { DatabaseSync: Sqlite } = await import("node:sqlite");
  return new Sqlite(file, { timeout });
}

/** Prepares one statement. SQLite would ignore all text after the first statement. */
function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  const rest = sql.slice(statement.sourceSQL.length).replace(/--[^\n]*|\/\*[\s\S]*?\*\/|[;\s]+/g, "");
  if (rest === "") return statement;
  throw Object.assign(new Error("the operation has more than one statement"), { errcode: 1 });
}

/** @param place the file, or why it is not the file */
function failureOf(operation: string, error: unknown, place: string): unknown {
  const code = (error as { readonly errcode?: unknown }).errcode;
  if (typeof code !== "number") return error;
  const details = { operation, reason: `${textOf(error)} (${place})` };
  // The lowest byte is the kind, such as busy for several reasons.
  return (code & 0xff) === busyCode
    ? adapterErrors.failed(details, { cause: error })
    : adapterErrors.refused({ ...details, remedy: remedies[code & 0xff] }, { cause: error });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function bindValue(operation: string, name: string, value: unknown): SQLInputValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "object") return JSON.stringify(value);
  throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` is no JSON` });
}

function jsonOf(value: SQLOutputValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "bigint" ? Number(value) : value;
}
