/**
 * Answers one query about facts.
 *
 * 1. The file is opened read-only, and only a SELECT statement is prepared. The authorizer of SQLite denies everything
 *    else, and each table and function that is not listed.
 * 2. The tables are views with only the rows of the namespace. Only these views read the tables below them.
 * 3. Rows, bytes and the size of a value have limits. The process that started this one limits the time.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:sqlite";
import { openToRead } from "../open-to-read.ts";
import { factTables } from "../tables.ts";

export interface FactQuery {
  readonly file: string;
  /** Undefined for all. */
  readonly namespace: string | undefined;
  readonly sql: string;
  readonly rowsMax: number;
  /** Values of `:name` in the statement. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export type QueryAnswer =
  | { readonly columns: readonly string[]; readonly rows: string; readonly cut: boolean }
  | { readonly problem: string; readonly isTooMuch: boolean };

const bytesMax = 1_000_000;
/** Maximum size of one value during a query. Sorting and grouping spill to the disk. */
const valueBytesMax = 4_000_000;
const tooBig = 18;
const nameMax = 200;

const functions = new Set(
  (
    "abs avg ceil ceiling char coalesce concat concat_ws count cume_dist date datetime dense_rank exp first_value floor " +
    "glob group_concat hex ifnull iif instr json json_extract -> ->> json_array_length json_type julianday lag " +
    "last_value lead length like ln log log10 log2 lower ltrim max median min mod nth_value ntile nullif " +
    "percent_rank percentile pow power quote rank round row_number rtrim sign sqrt strftime string_agg substr " +
    "substring sum time timediff total trim trunc typeof unixepoch upper"
  ).split(" "),
);
const storedNames = new Set<string>(factTables.map((table) => table.stored));
/** Tables of SQLite and of the store itself. */
const hidden = /^(?:sqlite_|pragma_|cursor$|dbstat|json_|bytecode|tables_used)/;

export function answerQuery({ file, namespace, sql, rowsMax, parameters }: FactQuery): QueryAnswer {
  const database = openToRead(file);
  try {
    database.limits.length = valueBytesMax;
    const secret = `s${randomBytes(16).toString("hex")}`;
    for (const table of storedNames) {
      // A namespace has the form of a name, so none of its characters ends a string.
      const own = namespace === undefined ? "true" : `namespace = '${namespace}'`;
      database.exec(`CREATE TEMP VIEW ${secret}_${table} AS SELECT * FROM main.${table} WHERE ${own}`);
    }
    for (const { name, columns, stored: table, where, rows: rowsOf } of factTables) {
      const names = columns.map((column) => column.name).join(", ");
      const own = `${secret}_${table}`;
      const from = rowsOf === undefined ? own : `(${rowsOf(own)})`;
      database.exec(`CREATE TEMP VIEW ${name} AS SELECT ${names} FROM ${from} WHERE ${where}`);
    }
    database.exec("PRAGMA query_only = 1");
    database.setAuthorizer(permissionOf(secret));
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    statement.setAllowUnknownNamedParameters(true);
    const columns = statement.columns().map(({ name }) => name.slice(0, nameMax));
    const rows: string[] = [];
    let bytes = 2;
    for (const row of parameters === undefined ? statement.iterate() : statement.iterate({ ...parameters })) {
      const text = JSON.stringify(row, (_, value) => (value instanceof Uint8Array ? null : value));
      bytes += Buffer.byteLength(text) + 1;
      if (rows.length >= rowsMax || bytes > bytesMax) return { columns, rows: `[${rows.join()}]`, cut: true };
      rows.push(text);
    }
    return { columns, rows: `[${rows.join()}]`, cut: false };
  } catch (error) {
    const isTooMuch = error instanceof Error && "errcode" in error && error.errcode === tooBig;
    return { problem: error instanceof Error ? error.message : String(error), isTooMuch };
  } finally {
    database.close();
  }
}

/**
 * SQLite passes the name of the view that reads a table. It names subqueries and common tables in the same way. So the
 * views have a secret name that no query knows.
 */
function permissionOf(secret: string) {
  const { SQLITE_OK, SQLITE_DENY } = constants;
  return (
    action: number,
    first: string | null,
    second: string | null,
    _: string | null,
    view: string | null,
  ) => {
    switch (action) {
      case constants.SQLITE_SELECT:
      case constants.SQLITE_RECURSIVE:
        return SQLITE_OK;
      case constants.SQLITE_READ: {
        const table = (first ?? "").toLowerCase();
        if (storedNames.has(table)) return view === `${secret}_${table}` ? SQLITE_OK : SQLITE_DENY;
        return hidden.test(table) ? SQLITE_DENY : SQLITE_OK;
      }
      case constants.SQLITE_FUNCTION:
        return functions.has((second ?? "").toLowerCase()) ? SQLITE_OK : SQLITE_DENY;
      default:
        return SQLITE_DENY;
    }
  };
}
