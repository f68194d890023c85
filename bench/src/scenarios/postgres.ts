import { addAdapter, postgresAdapter } from "@tutti/sdk/adapters";
import type { Handler, TaskContext, Worker } from "@tutti/sdk/worker";
import { Pool } from "pg";
import { startPostgres } from "../../../tools/postgres.mjs";
import { needsProgram } from "../../../tools/programs.mjs";
import { closedLoop } from "../measure/closed-loop.ts";
import { alternate } from "../measure/rounds.ts";
import { rounded } from "../measure/statistics.ts";
import { Absent, type Budget, type Goal, type Result, type Scenario } from "../scenario.ts";

const statements = {
  read: "SELECT id, article FROM orders WHERE article = $1",
  write: "INSERT INTO orders (article) VALUES ($1) RETURNING id",
};
const overheadMaxMs = 1;
const remainingMs = 30_000;

const goalOf = (variant: string): Goal => ({
  ...{ line: { variant }, figure: "overheadP50Ms", atMost: overheadMaxMs, unit: "ms" },
  beside: ["p50Ms", "clientP50Ms"],
});

/** One call after the other, as a worker makes them for tasks, beside the same statement by the client alone. */
export const postgres: Scenario = {
  name: "postgres",
  about: "a statement through the PostgreSQL adapter, beside the client alone",
  goals: [goalOf("read"), goalOf("write")],
  async *run(budget) {
    const program = await needsProgram("postgres");
    if (program.skip !== false) throw new Absent(program.skip);
    // Both sides commit once. Without the wait for the disk, its noise does not hide the difference.
    await using server = await startPostgres(program.path, ["synchronous_commit=off"]);
    const pool = new Pool({ connectionString: server.url, max: 1 });
    await pool.query(
      "CREATE TABLE orders (id bigserial PRIMARY KEY, article text); CREATE INDEX ON orders (article)",
    );
    const handlers = new Map<string, Handler>();
    const adapter = postgresAdapter({
      ...{ name: "shop", url: "env:SHOP_DB" },
      operations: Object.fromEntries(
        Object.entries(statements).map(([name, sql]) => [name, { sql: sql.replace("$1", ":article") }]),
      ),
    });
    const handle = (name: string, handler: Handler) => handlers.set(name, handler);
    // Of a worker, only the registration is needed.
    addAdapter({ handle } as unknown as Pick<Worker, "handle">, adapter);
    try {
      for (const [variant, sql] of Object.entries(statements))
        yield await measured(variant, budget, {
          client: (article) => pool.query(sql, [article]),
          adapter: async (article) =>
            handlers.get(`shop.${variant}`)?.({ article }, contextOf(server.url, article)),
        });
    } finally {
      adapter.close?.();
      await pool.end();
    }
  },
};

type Call = (article: string) => Promise<unknown>;

async function measured(
  variant: string,
  budget: Budget,
  calls: Readonly<Record<"client" | "adapter", Call>>,
): Promise<Result> {
  let number = 0;
  const figures = await alternate(
    Object.entries(calls).map(([name, call]) => ({
      name,
      measure: async (seconds: number) => {
        const once = async () => {
          await call(`${variant}-${number++}`);
          return 1;
        };
        const { p50Ms, p99Ms } = await closedLoop({ once, concurrency: 1 }, seconds);
        return { p50Ms, p99Ms };
      },
    })),
    budget,
  );
  const [ours, alone] = [figures.get("adapter"), figures.get("client")];
  if (ours === undefined || alone === undefined) throw new Error("both were measured");
  return {
    variant,
    ...{ p50Ms: rounded(ours.p50Ms), clientP50Ms: rounded(alone.p50Ms) },
    ...{ p99Ms: rounded(ours.p99Ms), clientP99Ms: rounded(alone.p99Ms) },
    overheadP50Ms: rounded(ours.p50Ms - alone.p50Ms),
  };
}

/** Of a task with this key. An adapter uses no more of it. */
function contextOf(url: string, idempotencyKey: string): TaskContext {
  const { signal } = new AbortController();
  return {
    idempotencyKey,
    signal,
    remainingMs,
    secret: async () => url,
  } as Partial<TaskContext> as TaskContext;
}
