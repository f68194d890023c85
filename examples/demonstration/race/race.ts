/**
 * A race: the same job in each mode at the same time, with equal agents. Each lane has its own pool, so lanes share no
 * agents. The race ends when all lanes have ended. `RACE_NAME` names it. `TUTTI_SERVER` is the URL of the platform: agents
 * connect to it by WebSocket.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";
import { capability, crew, job, lanes, type Work } from "./job.ts";

const server = process.env["TUTTI_SERVER"] ?? "http://127.0.0.1:7400";
const name = process.env["RACE_NAME"] ?? "race-1";
const namespace = process.env["TUTTI_NAMESPACE"] ?? "default";
const address = `${server.replace(/^http/, "ws")}/v1/link`;
const poolOf = (mode: string): string => `race-${mode}`;

const agents = lanes.flatMap((mode) =>
  crew.map(({ name: agent, speed, costPerSecond }) => {
    const worker = new Worker({
      address,
      namespace,
      pool: poolOf(mode),
      agentId: `${mode}-${agent}`,
      slots: 1,
      labels: { speed: String(speed) },
      handleSignals: false,
    });
    worker.handle(capability, async ({ ms }: Work, context) => {
      const tookMs = ms / speed;
      await sleep(tookMs, undefined, { signal: context.signal });
      context.use({ money: (tookMs / 1_000) * costPerSecond });
      return { by: agent };
    });
    return worker;
  }),
);
const client = new Client({ url: server });
// Creating the pools is idempotent.
await Promise.all(
  lanes.map((mode) =>
    client.call("pools.create", {
      query: { namespace },
      body: { pool: poolOf(mode), description: `Agents that race in the mode ${mode}.` },
    }),
  ),
);
await Promise.all(agents.map((agent) => agent.start()));
await Promise.all(lanes.map(race));
await Promise.all(agents.map((agent) => agent.stop()));

async function race(mode: (typeof lanes)[number]): Promise<void> {
  const id = `${name}-${mode}`;
  await client.call("sessions.start", {
    query: { namespace },
    body: {
      sessionId: id,
      title: `The programme book, ${mode}`,
      mode,
      pool: poolOf(mode),
      optimization: { time: 1 },
      monitoring: { level: "standard" },
      labels: { race: name },
      tasks: { tasks: job },
    },
  });
  const query = { namespace, waitMs: 30_000 };
  while (true) {
    const { outcome } = await client.call("sessions.result", { params: { id }, query, timeoutMs: 45_000 });
    if (outcome !== undefined) return;
  }
}
