/**
 * Starts runs at a gateway and awaits them, as a program outside does, with a worker for their tasks. Does the same
 * with Restate.
 */
import { randomUUID } from "node:crypto";
import { silentLogger } from "@tutti/kernel";
import { Client, RestError } from "@tutti/rest/client";
import { Worker } from "@tutti/sdk";

export interface Shape {
  readonly name: string;
  /** Tasks of a run. */
  readonly tasks: number;
  readonly text: string;
  readonly concurrencyMax?: number;
}

const chainTasks = 5;
const fanoutTasks = 100;
const waitMs = 60_000;

const chained = Array.from({ length: chainTasks }, (_, number) => {
  const needs = number === 0 ? "" : `needs: [t${number - 1}], `;
  return `  t${number}: {${needs}uses: bench.echo, with: {n: ${number}}}`;
});

export const shapes: readonly [Shape, Shape] = [
  { name: "chain", tasks: chainTasks, text: `workflow: chain\ntasks:\n${chained.join("\n")}\n` },
  {
    name: "fanout",
    tasks: fanoutTasks,
    concurrencyMax: 8,
    text: `workflow: fanout
tasks:
  all: {forEach: "\${{ input.items }}", uses: bench.echo, with: {n: "\${{ item }}"}}
`,
  },
];

export interface ClusterLoad {
  /** Executes one run from its start to its result. Returns the number of its tasks. */
  run(shape: Shape): Promise<number>;
}

/** @param link address to which the worker connects. Default: the gateway */
export async function openLoad(
  http: string,
  link = `${http.replace("http:", "ws:")}/v1/link`,
): Promise<ClusterLoad & AsyncDisposable> {
  const client = new Client({ url: http });
  for (const { text } of shapes) await client.call("workflows.register", { body: { text } });
  const worker = new Worker({ address: link, slots: 512, handleSignals: false }, { logger: silentLogger });
  worker.handle("bench.echo", async (input: unknown) => input);
  await worker.start();
  const input = { items: Array.from({ length: fanoutTasks }, (_, number) => number) };
  return {
    run: async ({ name, tasks }) => {
      const id = randomUUID();
      const status = await ended(client, { definition: name, runId: id, input });
      if (status !== "completed") throw new Error(`expected the run ${id} to complete, but it is ${status}`);
      return tasks;
    },
    [Symbol.asyncDispose]: () => worker.stop(),
  };
}

interface Start {
  readonly definition: string;
  readonly runId: string;
  readonly input: unknown;
}

/**
 * Starts a run and waits for its end in one request, as Restate's caller does. A limited process replies late. Then the
 * request is repeated with the same id.
 */
async function ended(client: Client, body: Start): Promise<string> {
  for (;;)
    try {
      const { run } = await client.call("runs.start", { body, query: { waitMs } });
      if (run?.endTimeMs !== undefined) return run.status;
    } catch (error) {
      if (!(error instanceof RestError) || error.retry === "never") throw error;
    }
}

/** Returns the same load for Restate, with an idempotency key in place of the run id. */
export function restateLoad(http: string): ClusterLoad {
  return {
    run: async ({ name, tasks }) => {
      const headers = { "idempotency-key": randomUUID() };
      const reply = await fetch(`${http}/${name}/run`, { method: "POST", headers });
      const text = await reply.text();
      if (!reply.ok) throw new Error(`expected Restate to complete ${name}, got ${reply.status} ${text}`);
      return tasks;
    },
  };
}
