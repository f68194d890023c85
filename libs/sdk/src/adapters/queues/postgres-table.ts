/**
 * Rows of a table that serves as a queue.
 *
 * 1. One statement takes rows, by a deletion or a mark, and stores them in `tutti_adopted`. So either a worker that locks
 *    the row has it, or Tutti.
 * 2. Rows of `tutti_adopted` stay there with the time of their start.
 */
import type { SecretReference } from "../adapter.ts";
import { PostgresConnections, type Run } from "../postgres/connections.ts";
import { quoted } from "../postgres/outbox.ts";
import type { Caller } from "../source.ts";
import type { Choice, Held, MovedQueue, Reading, Settled } from "./move.ts";

export interface PostgresTableOptions {
  readonly url: SecretReference;
  /** Name of the table, optionally with its schema: `jobs`, `shop.jobs`. */
  readonly name: string;
  /** Condition for rows that wait for a worker, such as `state = 'queued'`. Default: all. */
  readonly condition?: string;
  /** Assignment that marks taken rows, such as `state = 'moved'`. Default: taken rows are deleted. */
  readonly mark?: string;
  readonly columns?: {
    /** Unique column. Default: `id`. */
    readonly id?: string;
    /** Column of the input. Default: the whole row. */
    readonly input?: string;
    /** Column of the message's name, which selects its workflow. */
    readonly name?: string;
    /** Column of the start time of the run. */
    readonly time?: string;
  };
}

const batch = 100;
const createTableSql = `CREATE TABLE IF NOT EXISTS tutti_adopted (queue text, id text, message jsonb NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT now(), started_at timestamptz, failure text, PRIMARY KEY (queue, id))`;
const retrying = "UPDATE tutti_adopted SET failure = NULL WHERE queue = $1 AND started_at IS NULL";
const started = "UPDATE tutti_adopted SET started_at = now() WHERE queue = $1 AND id = ANY($2)";
const failed = "UPDATE tutti_adopted SET failure = $3 WHERE queue = $1 AND id = $2";
/** Converts numbers above 53 bits to texts, because JavaScript would lose precision. */
const portable = (row: string) => `(SELECT jsonb_object_agg(key, CASE
  WHEN jsonb_typeof(value) = 'number' AND abs((value #>> '{}')::numeric) > 9007199254740991
  THEN to_jsonb(value #>> '{}') ELSE value END) FROM jsonb_each(${row}))`;
const pageBytesMax = 8_388_608;
/**
 * The first rows of a page that have at most `pageBytesMax` together, at least one. A row above has no message. `place`
 * orders the rows.
 */
const bounded = (
  page: string,
) => `SELECT id, CASE WHEN bytes <= ${pageBytesMax} THEN message END AS message FROM (
    SELECT *, sum(bytes) OVER (ORDER BY place) AS total, row_number() OVER (ORDER BY place) AS number
    FROM (SELECT *, octet_length(message::text) AS bytes FROM (${page} LIMIT ${batch}) page) measured
  ) summed WHERE total <= ${pageBytesMax} OR number = 1 ORDER BY place`;
const selectHeldSql = bounded(`SELECT id, (taken_at, id) AS place, ${portable("message")} AS message
  FROM tutti_adopted WHERE queue = $1 AND started_at IS NULL AND failure IS NULL ORDER BY taken_at, id`);

export function postgresTable(options: PostgresTableOptions): MovedQueue {
  const connections = new PostgresConnections(options);
  const { name } = options;
  const using =
    (caller: Caller, writes: boolean): Use =>
    (work) =>
      connections.transaction({ operation: name, writes }, caller, work);
  return {
    take: (caller, choice) => claimBatches(options, using(caller, true), choice),
    async settle(caller, settled) {
      await using(caller, true)((run) => settle(name, run, settled));
    },
    async preview(caller, choice) {
      const use = using(caller, false);
      for await (const page of pages(options, use))
        for (const row of page) choice.accepts(readingOf(options, row));
    },
    close: () => connections.close(),
  };
}

type Use = <T>(work: (run: Run) => Promise<T>) => Promise<T>;

async function* claimBatches(
  options: PostgresTableOptions,
  use: Use,
  choice: Choice,
): AsyncGenerator<readonly Held[], void, void> {
  const { name } = options;
  await use((run) => run(createTableSql));
  await use((run) => run(retrying, [name]));
  yield* heldMessages(options, use);
  for (let claimed = -1; claimed !== 0; ) {
    claimed = 0;
    choice.restart();
    for await (const page of pages(options, use)) {
      const ids = page.filter((row) => choice.accepts(readingOf(options, row))).map(({ id }) => id);
      const { changes } = await use((run) => run(claimSql(options), [name, ids]));
      choice.countSkipped("another transaction holds the row", ids.length - changes);
      claimed += changes;
      yield* heldMessages(options, use);
    }
  }
}

async function* heldMessages(
  options: PostgresTableOptions,
  use: Use,
): AsyncGenerator<readonly Held[], void, void> {
  for (;;) {
    const { rows } = await use((run) => run(selectHeldSql, [options.name]));
    if (rows.length === 0) return;
    yield rows.map((row) => ({ key: String(row["id"]), reading: readingOf(options, row) }));
  }
}

/** Yields pages of waiting rows, in the order of their ids. */
async function* pages(options: PostgresTableOptions, use: Use) {
  const { table, id, condition } = partsOf(options);
  const select = (after: string) =>
    bounded(`SELECT ${id}::text AS id, t.${id} AS place, ${portable("to_jsonb(t)")} AS message FROM ${table} t
      WHERE (${condition})${after} ORDER BY t.${id}`);
  for (let last: unknown; ; ) {
    const { rows } = await use((run) =>
      last === undefined ? run(select("")) : run(select(` AND t.${id} > $1`), [last]),
    );
    if (rows.length === 0) return;
    yield rows;
    last = rows.at(-1)?.["id"];
  }
}

function claimSql(options: PostgresTableOptions): string {
  const { table, id, condition } = partsOf(options);
  const { mark } = options;
  const [change, from] =
    mark === undefined ? [`DELETE FROM ${table} t`, "USING"] : [`UPDATE ${table} t SET ${mark}`, "FROM"];
  return `WITH due AS (SELECT ${id} AS tutti_id FROM ${table} t WHERE (${condition}) AND t.${id} = ANY($2)
      FOR UPDATE SKIP LOCKED),
    taken AS (${change} ${from} due WHERE t.${id} = due.tutti_id RETURNING t.*)
    INSERT INTO tutti_adopted (queue, id, message) SELECT $1, ${id}::text, to_jsonb(taken) FROM taken`;
}

function partsOf({ name, columns, condition = "true" }: PostgresTableOptions) {
  return { table: name.split(".").map(quoted).join("."), id: quoted(columns?.id ?? "id"), condition };
}

async function settle(name: string, run: Run, settled: readonly Settled[]): Promise<void> {
  const done = settled.flatMap(({ key, failure }) => (failure === undefined ? [key] : []));
  if (done.length > 0) await run(started, [name, done]);
  for (const { key, failure } of settled) if (failure !== undefined) await run(failed, [name, key, failure]);
}

function readingOf({ columns = {} }: PostgresTableOptions, row: Readonly<Record<string, unknown>>): Reading {
  const message = row["message"] as Readonly<Record<string, unknown>> | null;
  if (message === null) return `the row has more than ${pageBytesMax} bytes`;
  const missing = Object.values(columns).find((column) => !Object.hasOwn(message, column));
  if (missing !== undefined) return `the row has no column \`${missing}\``;
  const { input, name, time } = columns;
  const startTime =
    time === undefined || message[time] === null ? undefined : new Date(String(message[time]));
  if (Number.isNaN(startTime?.getTime())) return `the column \`${time}\` has no time`;
  return {
    id: String(row["id"]),
    name: name === undefined ? "" : String(message[name]),
    input: input === undefined ? message : message[input],
    ...(startTime !== undefined && { startTime }),
  };
}
