/** Starts runs from rows, and executes their tasks: `outbox-worker.ts ADDRESS AGENT`, with the database at SHOP_DB. */
import { silentLogger } from "@tutti/kernel";
import { connect, Worker } from "@tutti/sdk";
import { addAdapter, postgresAdapter, postgresOutbox } from "@tutti/sdk/adapters";

const [, , address = "", agentId = ""] = process.argv;
const url = "env:SHOP_DB";
const worker = new Worker(
  { address, agentId, slots: 50, secrets: [url], handleSignals: false },
  { logger: silentLogger },
);
const operations = { "add-order": { sql: "INSERT INTO orders (row) VALUES (:row) RETURNING id" } };
const outbox = postgresOutbox({
  ...{ name: "shop-outbox", url, table: "public.outbox", channel: "outbox", pollMs: 1_000 },
  start: ({ id, fits }) => ({ workflow: "order", input: fits === true ? { row: id } : "no object" }),
  result: "INSERT INTO results (row, status, output) VALUES (:id, :status, :output::jsonb)",
});
addAdapter(worker, postgresAdapter({ name: "shop", url, operations }));
addAdapter(worker, outbox);
const tutti = await connect({ address });
await worker.start();
console.log("linked");
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await outbox.run({
  tutti,
  signal: stop.signal,
  logger: { ...silentLogger, warn: (...args) => console.log(...args) },
});
await worker.stop();
await tutti.close();
console.log("stopped");
