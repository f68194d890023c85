import { postgresAdapter } from "@tutti/sdk/adapters";
import { Pool } from "pg";
import { startPostgres } from "../../../tools/postgres.mjs";
import { needsProgram } from "../../../tools/programs.mjs";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import { Absent, type Scenario } from "../scenario.ts";

const statements = {
  read: "SELECT id, article FROM orders WHERE article = $1",
  write: "INSERT INTO orders (article) VALUES ($1) RETURNING id",
};
/** Sequential calls as a worker makes them for tasks, next to the same statement by the client library alone. */
export const postgres: Scenario = {
  name: "postgres",
  about: "a statement through the PostgreSQL adapter, compared with the plain client",
  goals: [overheadGoal("read"), overheadGoal("write")],
  async *run(budget) {
    const program = await needsProgram("postgres");
    if (program.skip !== false) throw new Absent(program.skip);
    // Both sides commit once. Without the wait for the disk, its noise does not hide the difference.
    await using server = await startPostgres(program.path, ["synchronous_commit=off"]);
    const pool = new Pool({ connectionString: server.url, max: 1 });
    await pool.query(
      "CREATE TABLE orders (id bigserial PRIMARY KEY, article text); CREATE INDEX ON orders (article)",
    );
    const adapter = postgresAdapter({
      name: "shop",
      url: "env:SHOP_DB",
      operations: Object.fromEntries(
        Object.entries(statements).map(([name, sql]) => [name, { sql: sql.replace("$1", ":article") }]),
      ),
    });
    const calls = adapterCalls(adapter, server.url);
    try {
      for (const [variant, sql] of Object.entries(statements))
        yield await calls.measured(variant, budget, {
          client: (article) => pool.query(sql, [article]),
          input: (article) => ({ article }),
        });
    } finally {
      adapter.close?.();
      await pool.end();
    }
  },
};
