/**
 * Statements of a PostgreSQL database as operations.
 *
 * 1. A writing operation takes effect once for each task. Its transaction also stores its output in `tutti_calls`, by
 *    the idempotency key. A second attempt waits for a running first attempt, and returns its output.
 * 2. Other operations run in a read-only transaction, in which the server refuses writes.
 * 3. Values are bound. No part of the input becomes a part of a statement, except for the statement in the input of an
 *    operation without `sql`.
 */
import { type OptionNames, requireKnown, requireKnownEach } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Answer,
  type ConnectionOptions,
  connectionOptionNames,
  PostgresConnections,
  type Run,
} from "./connections.ts";
import { bindValues, literal, parametersOf } from "./values.ts";

export interface PostgresOperation {
  /** One statement. `:name` is the member `name` of the input. Default: the members `sql` and `values` of the input. */
  readonly sql?: string;
  readonly description?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** Default: false if `sql` starts with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN, else true. */
  readonly writes?: boolean;
}

export interface PostgresAdapterOptions extends ConnectionOptions {
  /** Default: `query`, which reads, and `execute`, which writes. */
  readonly operations?: Readonly<Record<string, PostgresOperation>>;
  readonly rate?: RateLimit;
}

const optionNames: OptionNames<PostgresAdapterOptions> = {
  ...connectionOptionNames,
  operations: true,
  rate: rateNames,
};
const operationOptionNames: OptionNames<PostgresOperation> = {
  sql: true,
  description: true,
  input: true,
  output: true,
  writes: true,
};
const anyStatement = {
  type: "object",
  required: ["sql"],
  properties: { sql: { type: "string" }, values: { type: "object" } },
};
const both: Readonly<Record<string, PostgresOperation>> = {
  query: { description: "Reads with an SQL statement." },
  execute: { description: "Writes with an SQL statement, once for each task.", writes: true },
};

export function postgresAdapter(options: PostgresAdapterOptions): Adapter {
  requireKnown("postgresAdapter", options, optionNames);
  const { name: adapter, operations = both, rate } = options;
  // An operation whose `sql` is misspelled would run statements of its input.
  requireKnownEach(adapter, operations, operationOptionNames);
  const connections = new PostgresConnections(options);
  const declared = Object.entries(operations);
  const writesAny = declared.some(([, each]) => writesOf(each));
  return {
    name: adapter,
    kind: "postgres",
    operations: Object.fromEntries(
      declared.map(([name, each]) => [name, operationOf(`${adapter}.${name}`, each, connections)]),
    ),
    ...(rate !== undefined && { rate }),
    check: async (call) => {
      await connections.transaction({ operation: adapter, writes: false }, call, async (run) => {
        if (writesAny) await requireTable(adapter, run);
      });
      for (const [name, { sql }] of declared)
        if (sql !== undefined) await checkStatement(connections, `${adapter}.${name}`, sql, call);
    },
    close: () => connections.close(),
  };
}

function operationOf(
  operation: string,
  spec: PostgresOperation,
  connections: PostgresConnections,
): AdapterOperation {
  const { sql, description, output } = spec;
  const fixed = sql === undefined ? undefined : parametersOf(sql);
  const writes = writesOf(spec);
  const input =
    spec.input ?? (fixed === undefined ? anyStatement : { type: "object", required: fixed.names });
  return {
    input,
    repeat: writes ? "key" : "safe",
    ...(description !== undefined && { description }),
    ...(output !== undefined && { output }),
    call: async (input, call) => {
      const parameters = fixed ?? parametersOf(String(input["sql"]));
      // The schema requires that `values` is an object.
      const values = fixed === undefined ? ((input["values"] ?? {}) as typeof input) : input;
      const bindings = bindValues(operation, parameters, values);
      const work = async (run: Run) => outputOf(await run(parameters.text, bindings), writes);
      if (writes) return runOnce(connections, operation, call, work);
      return connections.transaction({ operation, writes }, call, work);
    },
  };
}

function writesOf({ sql, writes }: PostgresOperation): boolean {
  return writes ?? (sql !== undefined && !/^\s*(select|with|values|table|show|explain)\b/i.test(sql));
}

function outputOf({ rows, hasRows, changes }: Answer, writes: boolean): unknown {
  return hasRows || !writes ? rows : { changes };
}

const callsTableSql = `CREATE TABLE IF NOT EXISTS tutti_calls (
  key text PRIMARY KEY, output text NOT NULL, at timestamptz NOT NULL DEFAULT now()
)`;
const ready = new WeakSet<PostgresConnections>();

/**
 * Runs a statement once per key. The key is reserved first, so a concurrent attempt waits for the end of this
 * transaction. It takes three round trips: the key is in the first message, and the output in the last one.
 */
async function runOnce(
  connections: PostgresConnections,
  operation: string,
  call: AdapterCall,
  work: (run: Run) => Promise<unknown>,
): Promise<unknown> {
  await createTable(connections, operation, call);
  const key = `${operation} ${call.idempotencyKey}`;
  let isNew = true;
  const options = {
    operation,
    writes: true,
    first: `INSERT INTO tutti_calls (key, output) VALUES (${literal(key)}, 'null') ON CONFLICT DO NOTHING`,
    last: (output: unknown) =>
      isNew
        ? `UPDATE tutti_calls SET output = ${literal(JSON.stringify(output))} WHERE key = ${literal(key)}`
        : undefined,
  };
  return connections.transaction(options, call, async (run, changes) => {
    isNew = changes > 0;
    if (isNew) return work(run);
    const { rows } = await run("SELECT output FROM tutti_calls WHERE key = $1", [key]);
    return JSON.parse(String(rows[0]?.["output"]));
  });
}

async function createTable(
  connections: PostgresConnections,
  operation: string,
  call: AdapterCall,
): Promise<void> {
  if (ready.has(connections)) return;
  const isThere = () => connections.transaction({ operation, writes: false }, call, hasTable);
  if (!(await isThere())) {
    try {
      await connections.transaction({ operation, writes: true }, call, (run) => run(callsTableSql));
    } catch (error) {
      // If two workers create the table concurrently, the server refuses one of them.
      if (call.signal.aborted || !(await isThere())) throw error;
    }
  }
  ready.add(connections);
}

async function hasTable(run: Run): Promise<boolean> {
  const { rows } = await run("SELECT to_regclass('tutti_calls') IS NOT NULL AS found");
  return rows[0]?.["found"] === true;
}

async function requireTable(operation: string, run: Run): Promise<void> {
  const { rows } = await run(`SELECT CASE WHEN to_regclass('tutti_calls') IS NULL
    THEN has_schema_privilege(current_schema(), 'CREATE')
    ELSE (SELECT bool_and(has_table_privilege(to_regclass('tutti_calls'), privilege))
      FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) privilege) END AS may`);
  if (rows[0]?.["may"] === true) return;
  throw adapterErrors.refused({
    operation,
    reason: `the role may not create, or not use, the table of calls: ${callsTableSql.replace(/\s+/g, " ")}`,
    remedy:
      "Create it as the owner of the schema, and grant SELECT, INSERT and UPDATE on it to the role of the connection string.",
  });
}

/** Commands that cannot be prepared, and comments, after which any command can follow. */
const notPrepared =
  /^\s*(--|\/\*|(alter|analy[sz]e|begin|call|checkpoint|close|cluster|comment|commit|copy|create|deallocate|declare|discard|do|drop|end|execute|explain|fetch|grant|import|listen|load|lock|move|notify|prepare|reassign|refresh|reindex|release|reset|revoke|rollback|savepoint|security|set|show|start|truncate|unlisten|vacuum)\b)/i;
const missingRight = "42501";

/** Lets the server parse the statement and check the rights that it needs, without running it. */
export async function checkStatement(
  connections: PostgresConnections,
  operation: string,
  sql: string,
  call: AdapterCall,
): Promise<void> {
  if (notPrepared.test(sql)) return;
  const { text } = parametersOf(sql);
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const values = count === 0 ? "" : `(${Array(count).fill("NULL").join(", ")})`;
  await connections.transaction({ operation, writes: false }, call, async (run) => {
    await run(`PREPARE tutti_check AS ${text}`);
    await run("SAVEPOINT tutti_check");
    // A plan for NULL can fail for statements that work with values. Only its refused rights count.
    const failure = await run(`EXPLAIN EXECUTE tutti_check${values}`).then(
      () => undefined,
      (error: unknown) => error,
    );
    await run("ROLLBACK TO SAVEPOINT tutti_check");
    await run("DEALLOCATE tutti_check");
    if ((failure as { readonly code?: unknown } | undefined)?.code === missingRight) throw failure;
  });
}
