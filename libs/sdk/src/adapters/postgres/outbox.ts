/**
 * A source that starts runs of rows of a table.
 *
 * 1. The id of a run is derived from the id of its row. If a crash occurs between the start and its record, the row starts
 *    the same run again, which already exists.
 * 2. A row is marked, or deleted, in a transaction that commits after the acknowledgement. Rows are locked meanwhile, so
 *    several processes can share a table.
 * 3. `finished_at` is set in the transaction that writes the result, and only if it was not set before.
 * 4. A row that cannot start a run, or whose result cannot be written, gets the reason in `failure`. Other rows continue.
 */
import { isTuttiError, reasonOf, systemTimers } from "@tutti/kernel";
import type { RunHandle } from "../../client/run.ts";
import { type OptionNames, requireKnown } from "../../options.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Caller,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import {
  type ConnectionOptions,
  connectionOptionNames,
  PostgresConnections,
  type Run,
} from "./connections.ts";
import { checkStatement } from "./postgres.ts";
import { bindValues, parametersOf } from "./values.ts";

export type OutboxRow = Readonly<Record<string, unknown>>;

export interface PostgresOutboxOptions extends ConnectionOptions {
  /** The first part of the ids of its runs: `NAME-ID`. Also the name of its adapter. */
  readonly name: string;
  /** Name of the table, optionally with its schema: `outbox`, `shop.outbox`. */
  readonly table: string;
  readonly start: (row: OutboxRow) => SourceStart;
  /** Default: the column `started_at` is set. */
  readonly afterStart?: "mark" | "delete";
  /** The channel of NOTIFY that announces rows. Without it, rows are found by polling. */
  readonly channel?: string;
  /**
   * The statement that writes the result of a run, with `:id`, `:run`, `:status` (`completed`, `failed`, `cancelled`,
   * `terminated`), `:output`, `:code` and `:message`. Its transaction sets the column `finished_at`.
   */
  readonly result?: string;
  /** Default: `id`, unique and never used twice. */
  readonly idColumn?: string;
  /** How often to look for rows without NOTIFY. Default: 5,000. */
  readonly pollMs?: number;
  /** Rows per transaction. Default: 100. */
  readonly batch?: number;
}

const optionNames: OptionNames<PostgresOutboxOptions> = {
  ...connectionOptionNames,
  table: true,
  start: true,
  afterStart: true,
  channel: true,
  result: true,
  idColumn: true,
  pollMs: true,
  batch: true,
};
const defaults = { idColumn: "id", pollMs: 5_000, batch: 100 };
const followedMax = 100;
/** Longest wait for the result of one run if many are pending. Then another run gets its turn. */
const resultWaitMs = 10_000;

/** Returns a source that starts runs of rows. As an adapter it has the operation `status`. Its check reads the table. */
export function postgresOutbox(options: PostgresOutboxOptions): Source {
  requireKnown("postgresOutbox", options, optionNames);
  const connections = new PostgresConnections(options);
  const statements = statementsOf(options);
  const reading = { operation: options.name, writes: false };
  return sourceOf({
    name: options.name,
    kind: "postgres-outbox",
    description: "Counts rows: pending, running, failed.",
    status: (call) =>
      connections.transaction(reading, call, async (run) => (await run(statements.count)).rows[0] ?? {}),
    check: async (call) => {
      await connections.transaction(reading, call, async (run) => void (await run(statements.count)));
      for (const sql of statements.checked) await checkStatement(connections, options.name, sql, call);
      if (options.result !== undefined)
        await checkStatement(connections, `${options.name}.result`, options.result, call);
    },
    close: () => connections.close(),
    sessions(runOptions) {
      const outbox = new Outbox(options, connections, runOptions);
      return (caller, well) => outbox.session(caller, well);
    },
  });
}

type Statements = ReturnType<typeof statementsOf>;

function statementsOf({ table, afterStart = "mark", result, ...options }: PostgresOutboxOptions) {
  const { idColumn = defaults.idColumn, batch = defaults.batch } = options;
  const [from, id] = [table.split(".").map(quoted).join("."), quoted(idColumn)];
  const marks = afterStart === "mark";
  if (!marks && result !== undefined)
    throw adapterErrors.invalid({
      adapter: options.name,
      problem: "expected `afterStart: mark` with `result`: a deleted row cannot wait for its result",
    });
  const unknown = parametersOf(result ?? "").names.find((name) => !resultParameters.includes(name));
  if (unknown !== undefined)
    throw adapterErrors.invalid({
      adapter: options.name,
      problem: `\`result\` has the parameter :${unknown}. Its parameters are ${resultParameters.map((name) => `:${name}`).join(", ")}`,
    });
  const pending = marks ? "started_at IS NULL AND failure IS NULL" : "failure IS NULL";
  const running =
    result === undefined ? "false" : "started_at IS NOT NULL AND finished_at IS NULL AND failure IS NULL";
  const started = marks
    ? `UPDATE ${from} SET started_at = now() WHERE ${id} = ANY($1)`
    : `DELETE FROM ${from} WHERE ${id} = ANY($1)`;
  const failed = `UPDATE ${from} SET failure = $2 WHERE ${id} = $1`;
  const take = `SELECT *, ${id}::text AS tutti_id FROM ${from} WHERE ${pending}
    ORDER BY ${id} LIMIT ${batch} FOR UPDATE SKIP LOCKED`;
  return {
    count: `SELECT count(*) FILTER (WHERE ${pending}) AS pending, count(*) FILTER (WHERE ${running}) AS running,
      count(*) FILTER (WHERE failure IS NOT NULL) AS failed FROM ${from}`,
    take,
    started,
    failed,
    // Random order, so that each row gets its turn if there are more rows than are followed concurrently.
    running: `SELECT ${id}::text AS id FROM ${from} WHERE ${running} AND ${id} <> ALL($1)
      ORDER BY random() LIMIT $2`,
    finished: `UPDATE ${from} SET finished_at = now() WHERE ${id} = $1 AND finished_at IS NULL`,
    checked: [take, started, failed],
  };
}

const resultParameters: readonly string[] = ["id", "run", "status", "output", "code", "message"];

/** Result of the run of a row. */
type Result = Readonly<Record<"status" | "output" | "code" | "message", unknown>>;

class Outbox {
  readonly #options: PostgresOutboxOptions;
  readonly #statements: Statements;
  readonly #connections: PostgresConnections;
  readonly #runOptions: SourceRunOptions;
  /** Rows whose results are awaited, by id. */
  readonly #followed = new Map<string, Promise<void>>();

  constructor(
    options: PostgresOutboxOptions,
    connections: PostgresConnections,
    runOptions: SourceRunOptions,
  ) {
    this.#options = options;
    this.#statements = statementsOf(options);
    this.#connections = connections;
    this.#runOptions = runOptions;
  }

  /** Runs until a connection breaks, or the signal aborts. */
  async session({ signal, secret }: Caller, well: () => void): Promise<void> {
    const ended = new AbortController();
    const caller: Caller = { signal: AbortSignal.any([signal, ended.signal]), secret };
    let bell = Promise.withResolvers<void>();
    const wake = () => bell.resolve();
    const fail = (error: unknown) => ended.abort(error);
    caller.signal.addEventListener("abort", wake);
    const listener = await this.#listen(caller, wake, fail);
    try {
      for (;;) {
        caller.signal.throwIfAborted();
        const startedCount = await this.#startBatch(caller);
        well();
        await this.#follow(caller, wake, fail);
        const timer = systemTimers.after(
          startedCount > 0 ? 0 : (this.#options.pollMs ?? defaults.pollMs),
          wake,
        );
        await bell.promise;
        timer.cancel();
        bell = Promise.withResolvers<void>();
      }
    } finally {
      ended.abort();
      await Promise.all(this.#followed.values());
      await listener?.end().catch(() => {});
    }
  }

  async #listen(caller: Caller, wake: () => void, fail: (error: unknown) => void) {
    const { name, channel } = this.#options;
    if (channel === undefined) return undefined;
    const listener = await this.#connections.dedicated(name, caller);
    listener.on("notification", wake);
    listener.on("end", () =>
      fail(adapterErrors.unreachable({ operation: name, reason: "the connection ended" })),
    );
    await listener.query(`LISTEN ${quoted(channel)}`);
    return listener;
  }

  /** Starts runs of the next rows. Returns the number of handled rows. */
  async #startBatch(caller: Caller): Promise<number> {
    const { take, started, failed } = this.#statements;
    let interruption: unknown;
    const count = await this.#write(caller, async (run) => {
      const { rows } = await run(take);
      const done: string[] = [];
      const refused: [string, string][] = [];
      await Promise.all(
        rows.map(async ({ tutti_id: id, ...row }) => {
          try {
            const failure = await startedBy(this.#runOptions.tutti, this.#runOf(String(id)), () =>
              this.#options.start(row),
            );
            if (failure === undefined) done.push(String(id));
            else refused.push([String(id), failure]);
          } catch (error) {
            interruption = error;
          }
        }),
      );
      if (done.length > 0) await run(started, [done]);
      for (const each of refused) await run(failed, each);
      return done.length + refused.length;
    });
    if (interruption !== undefined) throw interruption;
    return count;
  }

  #runOf(id: string): string {
    return `${this.#options.name}-${id}`;
  }

  async #follow(caller: Caller, wake: () => void, fail: (error: unknown) => void): Promise<void> {
    const room = followedMax - this.#followed.size;
    if (this.#options.result === undefined || room < followedMax / 2) return;
    const reading = { operation: this.#options.name, writes: false };
    const { rows } = await this.#connections.transaction(reading, caller, (run) =>
      run(this.#statements.running, [[...this.#followed.keys()], room]),
    );
    for (const row of rows) {
      const id = String(row["id"]);
      const following = this.#finish(id, this.#options.result, caller)
        .catch((error: unknown) => {
          if (!caller.signal.aborted) fail(error);
        })
        .finally(() => {
          this.#followed.delete(id);
          if (rows.length === room && this.#followed.size <= followedMax / 2) wake();
        });
      this.#followed.set(id, following);
    }
  }

  /** Waits for the end of a run for a limited time, and writes its result. */
  async #finish(id: string, sql: string, caller: Caller): Promise<void> {
    const run = this.#runOf(id);
    const result = await this.#resultOf(this.#handleOf(run), caller.signal);
    if (result === undefined) return;
    const { finished, failed } = this.#statements;
    try {
      const parameters = parametersOf(sql);
      const values = bindValues(this.#options.name, parameters, { id, run, ...result });
      await this.#write(caller, async (write) => {
        const { changes } = await write(finished, [id]);
        if (changes > 0) await write(parameters.text, values);
      });
    } catch (error) {
      if (caller.signal.aborted || !isTuttiError(error) || error.retry !== "never") throw error;
      await this.#write(caller, (write) => write(failed, [id, reasonOf(error)]));
    }
  }

  async #resultOf(handle: RunHandle, signal: AbortSignal): Promise<Result | undefined> {
    const nothing = { output: null, code: null, message: null };
    try {
      const output = await handle.result({ timeout: resultWaitMs, signal });
      return { ...nothing, status: "completed", output: output ?? null };
    } catch (error) {
      signal.throwIfAborted();
      // The error is of the run or of the connection. The state of the run shows which.
      const result = await this.#endOf(handle);
      if (result === "gone") return { ...nothing, status: "gone", message: reasonOf(error) };
      if (result?.$case === "failed" || result?.$case === "cancelled" || result?.$case === "terminated")
        return { ...nothing, status: result.$case, code: result.value.code, message: result.value.message };
      return undefined;
    }
  }

  #handleOf(run: string): RunHandle {
    const { runs } = this.#runOptions.tutti;
    if (runs !== undefined) return runs.get(run);
    const problem = "expected a client with `runs` to write results";
    throw adapterErrors.invalid({ adapter: this.#options.name, problem });
  }

  async #endOf(handle: RunHandle): Promise<RunResult | "gone" | undefined> {
    try {
      const { outcome } = await handle.get();
      const result = outcome?.result;
      return result?.$case === "continued" ? this.#endOf(this.#handleOf(result.value.id)) : result;
    } catch (error) {
      if (isTuttiError(error) && error.status === "NOT_FOUND") return "gone";
      throw error;
    }
  }

  #write<T>(caller: Caller, work: (run: Run) => Promise<T>): Promise<T> {
    return this.#connections.transaction({ operation: this.#options.name, writes: true }, caller, work);
  }
}

type RunResult = NonNullable<NonNullable<Awaited<ReturnType<RunHandle["get"]>>["outcome"]>["result"]>;

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
