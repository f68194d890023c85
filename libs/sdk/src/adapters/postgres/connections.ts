/**
 * Connections to a PostgreSQL server, shared by the tasks of a worker.
 *
 * 1. The connection string is a secret. It is read for each use, so a changed string takes effect at once.
 * 2. A connection is used for one transaction. Statement timeout and `READ ONLY` end with the transaction.
 * 3. A connection whose statement was cancelled is closed, because a late cancellation would hit the next statement.
 * 4. Of several hosts, the last working host is tried first. A connection is used only if its server has the wanted role.
 */

import { isTuttiError } from "@tutti/kernel";
import type { Client, Pool, PoolClient, QueryConfig, QueryResult } from "pg";
import type { OptionNames } from "../../options.ts";
import type { SecretReference } from "../adapter.ts";
import { clientFor, requireReference } from "../client.ts";
import { adapterErrors } from "../errors.ts";
import { requireParameters } from "../parameters.ts";
import type { Caller } from "../source.ts";
import { failureOf, isFromServer, isReadOnly, type Target, TooMuch } from "./failures.ts";
import { connectionParameters, type Hosts, hostsOf, isRole, type Role, roleQuery } from "./hosts.ts";
import { jsonOf, typeParsersOf } from "./values.ts";

export interface ConnectionOptions {
  readonly name: string;
  /**
   * Refers to a connection string such as `postgres://user:password@host:5432/database?sslmode=verify-full`, with one or
   * more hosts: `one:5432,two:5432`, and `target_session_attrs` as in libpq.
   */
  readonly url: SecretReference;
  /** Default: 10. */
  readonly connectionsMax?: number;
  /** How long to wait for a connection. Default: 10,000. */
  readonly connectMs?: number;
  /** Maximum rows of an answer. More rows fail the task. Default: 10,000. */
  readonly rowsMax?: number;
  /** Default: 16 MiB. */
  readonly answerBytesMax?: number;
}

export const connectionOptionNames: OptionNames<ConnectionOptions> = {
  name: true,
  url: true,
  connectionsMax: true,
  connectMs: true,
  rowsMax: true,
  answerBytesMax: true,
};
const defaults = { connectionsMax: 10, connectMs: 10_000, rowsMax: 10_000, answerBytesMax: 16_777_216 };
const cancelMs = 2_000;
const timeoutMaxMs = 2_147_483_647;

export interface Statement {
  readonly sql: string;
  readonly values?: readonly unknown[];
}

export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** True if the statement returns rows, even if the result is empty. */
  readonly hasRows: boolean;
  readonly changes: number;
}

/** Runs a statement of a transaction. */
export type Run = (sql: string, values?: readonly unknown[]) => Promise<Answer>;

export interface TransactionOptions<T = unknown> {
  readonly operation: string;
  readonly writes: boolean;
  /** A statement that is sent together with `BEGIN`. Values are literals in it. */
  readonly first?: string;
  /** A statement that is sent together with `COMMIT`. */
  readonly last?: (result: T) => string | undefined;
}

/** An opened connection string. */
interface Opened {
  readonly text: string;
  readonly servers: readonly Server[];
  readonly roles: readonly Role[];
  /** The last server that worked. */
  last: Server | undefined;
}

interface Server {
  readonly text: string;
  readonly pool: Pool;
  readonly target: Target;
}

type Driver = typeof import("pg");

export class PostgresConnections {
  readonly #options: ConnectionOptions;
  #opened: Opened | undefined;
  /** Connections whose server had the wanted role when they were opened. */
  readonly #matching = new WeakSet<Client>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    requireReference(options.name, options.url, "env:SHOP_DB");
  }

  close(): void {
    for (const { pool } of this.#opened?.servers ?? []) void pool.end().catch(() => {});
    this.#opened = undefined;
  }

  async transaction<T>(
    { operation, writes, first, last }: TransactionOptions<T>,
    caller: Caller,
    work: (run: Run, changes: number) => Promise<T>,
  ): Promise<T> {
    const { signal } = caller;
    signal.throwIfAborted();
    const driver = await this.#driver();
    const opened = await this.#open(driver, operation, caller);
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const race = <Value>(promise: Promise<Value>) => Promise.race([promise, aborted.promise]);
    let client: PoolClient | undefined;
    let server = opened.servers[0] as Server;
    let fate: "reuse" | "cancel" | "drop" = "drop";
    try {
      const connection = await race(
        this.#connectFirst(opened, { operation, signal }, async (candidate) => {
          server = candidate;
          return connected(candidate.pool, signal);
        }),
      );
      client = connection;
      const run: Run = (sql, values = []) => race(this.#run(driver, connection, { sql, values }));
      const startResult = await race(connection.query(beginSql(writes, caller.remainingMs, first)));
      const result = await work(run, [startResult].flat().at(-1)?.rowCount ?? 0);
      const finalSql = last?.(result);
      await race(connection.query(finalSql === undefined ? "COMMIT" : `${finalSql}; COMMIT`));
      fate = "reuse";
      return result;
    } catch (error) {
      if (signal.aborted) {
        fate = "cancel";
        throw error;
      }
      if (error instanceof TooMuch) fate = "cancel";
      // A server that became read-only no longer has the wanted role.
      else if (writes && isReadOnly(error)) fate = "drop";
      else if (client !== undefined && isFromServer(error)) fate = await rollBack(client);
      throw failureOf(operation, error, server.target, writes);
    } finally {
      signal.removeEventListener("abort", abort);
      if (fate === "cancel" && client !== undefined) void cancelled(driver, server, client);
      else client?.release(fate !== "reuse");
    }
  }

  /** Opens a separate connection, such as one that listens. The caller ends it. */
  async dedicated(operation: string, caller: Caller): Promise<Client> {
    const driver = await this.#driver();
    const opened = await this.#open(driver, operation, caller);
    return this.#connectFirst(opened, { operation, signal: caller.signal }, async ({ text }) => {
      const client = new driver.Client({ ...this.#config(text), keepAlive: true });
      // Without a listener, a broken connection would end the process.
      client.on("error", () => {});
      try {
        await client.connect();
        return client;
      } catch (error) {
        void client.end().catch(() => {});
        throw error;
      }
    });
  }

  /** Connects to the first server that answers and has the wanted role. */
  async #connectFirst<Connection extends Client | PoolClient>(
    opened: Opened,
    { operation, signal }: { readonly operation: string; readonly signal: AbortSignal },
    connect: (server: Server) => Promise<Connection>,
  ): Promise<Connection> {
    const { servers, roles, last } = opened;
    const inOrder = last === undefined ? servers : [last, ...servers.filter((server) => server !== last)];
    let failure: unknown;
    for (const role of roles)
      for (const server of inOrder) {
        let client: Connection | undefined;
        try {
          client = await connect(server);
          const hasRole = await this.#hasRole(client, role);
          if (hasRole && !signal.aborted) {
            opened.last = server;
            return client;
          }
          const { host, port } = server.target;
          failure = adapterErrors.unreachable({ operation, reason: `${host}:${port} is not ${role}` });
        } catch (error) {
          failure = failureOf(operation, error, server.target, false);
          if (!isTuttiError(failure) || failure.code !== adapterErrors.unreachable.code) throw failure;
        }
        if (client !== undefined) drop(client);
        signal.throwIfAborted();
      }
    throw failure;
  }

  async #hasRole(client: Client | PoolClient, role: Role): Promise<boolean> {
    if (role === "any" || this.#matching.has(client)) return true;
    const { rows } = await client.query<{ standby: boolean; readOnly: boolean }>(roleQuery);
    const [row] = rows;
    if (row === undefined || !isRole(role, row)) return false;
    this.#matching.add(client);
    return true;
  }

  #driver(): Promise<Driver> {
    return clientFor(this.#options.name, "pg", () => import("pg"));
  }

  async #open(driver: Driver, operation: string, caller: Caller): Promise<Opened> {
    // Called as a method, because a task needs `this`.
    const { name, url, connectionsMax = defaults.connectionsMax } = this.#options;
    const text = await caller.secret(url);
    if (this.#opened?.text === text) return this.#opened;
    let hosts: Hosts;
    let targets: readonly Target[];
    try {
      hosts = hostsOf(text);
      requireParameters(name, url, text, connectionParameters);
      targets = hosts.texts.map((host) => targetOf(driver, host, text));
    } catch (error) {
      if (isTuttiError(error)) throw error;
      throw adapterErrors.invalid({
        adapter: operation,
        problem: `${url} has no connection string such as postgres://user:password@host/database`,
      });
    }
    this.close();
    const servers = targets.map((target, index) => {
      const host = hosts.texts[index] ?? text;
      const pool = new driver.Pool({ ...this.#config(host), max: connectionsMax, allowExitOnIdle: true });
      // A broken connection is replaced. Without listeners it would end the process, idle or between two statements.
      pool.on("error", () => {});
      pool.on("connect", (client) => client.on("error", () => {}));
      return { text: host, pool, target };
    });
    this.#opened = { text, servers, roles: hosts.roles, last: undefined };
    return this.#opened;
  }

  #config(text: string) {
    const { name, connectMs = defaults.connectMs } = this.#options;
    return {
      connectionString: text,
      connectionTimeoutMillis: connectMs,
      keepAlive: true,
      enableChannelBinding: /[?&]channel_binding=(?!disable)/.test(text),
      // Shown by pg_stat_activity.
      application_name: `tutti ${name}`,
    };
  }

  #run({ Query, types }: Driver, client: Client, { sql, values = [] }: Statement): Promise<Answer> {
    const { rowsMax = defaults.rowsMax, answerBytesMax = defaults.answerBytesMax } = this.#options;
    return new Promise((resolve, reject) => {
      const rows: Record<string, unknown>[] = [];
      // The extended protocol accepts a single statement, so an input cannot end the transaction and add another statement.
      const config = { text: sql, values: [...values], types: typeParsersOf(types), queryMode: "extended" };
      const query = new Query(config as QueryConfig) as InstanceType<typeof Query> & {
        handleDataRow(message: { readonly length: number }): void;
      };
      const readRow = query.handleDataRow.bind(query);
      let bytes = 0;
      let isTooMuch = false;
      const refuse = (reason: string) => {
        isTooMuch = true;
        reject(new TooMuch(reason));
      };
      query.handleDataRow = (message) => {
        if (isTooMuch) return;
        bytes += message.length;
        if (bytes > answerBytesMax) refuse(`it has more than ${answerBytesMax} bytes`);
        else if (rows.length === rowsMax) refuse(`it has more than ${rowsMax} rows`);
        else readRow(message);
      };
      query.on("row", (row: Record<string, unknown>) => {
        rows.push(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, jsonOf(value)])));
      });
      query.on("error", reject);
      query.on("end", ({ fields, rowCount }: QueryResult) =>
        resolve({ rows, hasRows: fields.length > 0, changes: rowCount ?? 0 }),
      );
      client.query(query);
    });
  }
}

/** @param text the connection string of one host @param secret the whole connection string */
function targetOf(driver: Driver, text: string, secret: string): Target {
  // An unconnected client knows its target.
  const { host, port, password } = new driver.Client({ connectionString: text });
  const passwords = typeof password === "string" ? [password, encodeURIComponent(password)] : [];
  return { host, port, secrets: [secret, text, ...passwords] };
}

function drop(client: Client | PoolClient): void {
  if ("release" in client) client.release(true);
  else void client.end().catch(() => {});
}

/** Returns the start of a transaction as one message: one round trip instead of three. */
function beginSql(writes: boolean, remainingMs = Number.POSITIVE_INFINITY, first?: string): string {
  const parts = [writes ? "BEGIN" : "BEGIN READ ONLY"];
  if (remainingMs < timeoutMaxMs)
    parts.push(`SET LOCAL statement_timeout = ${Math.max(1, Math.ceil(remainingMs))}`);
  if (first !== undefined) parts.push(first);
  return parts.join("; ");
}

/** Takes a connection from the pool. If it arrives after the task has ended, it is returned. */
async function connected(pool: Pool, signal: AbortSignal): Promise<PoolClient> {
  const client = await pool.connect();
  if (!signal.aborted) return client;
  client.release();
  throw signal.reason;
}

async function rollBack(client: PoolClient): Promise<"reuse" | "drop"> {
  return client.query("ROLLBACK").then(
    () => "reuse",
    () => "drop",
  );
}

/** Ends the statement at the server too. After a mere close of the connection, the statement would continue. */
async function cancelled(driver: Driver, { text }: Server, client: PoolClient): Promise<void> {
  const { processID } = client as PoolClient & { readonly processID: number };
  const other = new driver.Client({ connectionString: text, connectionTimeoutMillis: cancelMs });
  other.on("error", () => {});
  try {
    await other.connect();
    await other.query("SELECT pg_cancel_backend($1)", [processID]);
  } catch {
    // The server is unreachable. It ends the statement when it notices.
  } finally {
    client.release(true);
    await other.end().catch(() => {});
  }
}
