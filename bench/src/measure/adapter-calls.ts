/** Measures sequential adapter calls, as a worker makes them, next to the same calls by the client library alone. */
import { type Adapter, addAdapter } from "@tutti/sdk/adapters";
import type { Handler, TaskContext, Worker } from "@tutti/sdk/worker";
import type { Budget, Goal, Result } from "../scenario.ts";
import { closedLoop } from "./closed-loop.ts";
import { alternate } from "./rounds.ts";
import { rounded } from "./statistics.ts";

const overheadMaxMs = 1;
const remainingMs = 30_000;

export const overheadGoal = (variant: string): Goal => ({
  line: { variant },
  figure: "overheadP50Ms",
  atMost: overheadMaxMs,
  unit: "ms",
  compared: ["p50Ms", "clientP50Ms"],
});

interface Compared {
  /** Makes the same call without the adapter. Each call has a different text. */
  readonly client: (text: string) => Promise<unknown>;
  /** The input of the operation, which has the name of the variant. */
  readonly input: (text: string) => Readonly<Record<string, unknown>>;
}

export function adapterCalls(adapter: Adapter, url: string) {
  const handlers = new Map<string, Handler>();
  const handle = (name: string, handler: Handler) => handlers.set(name, handler);
  // Only the registration of a worker is needed.
  addAdapter({ handle } as unknown as Pick<Worker, "handle">, adapter);
  return {
    async measured(variant: string, budget: Budget, { client, input }: Compared): Promise<Result> {
      const handler = handlers.get(`${adapter.name}.${variant}`);
      if (handler === undefined) throw new Error(`the adapter has no ${variant}`);
      const calls = { client, adapter: async (text: string) => handler(input(text), contextOf(url, text)) };
      let number = 0;
      const figures = await alternate(
        Object.entries(calls).map(([name, call]) => ({
          name,
          measure: async (seconds: number) => {
            const callAdapter = async () => {
              await call(`${variant}-${number++}`);
              return 1;
            };
            const { p50Ms, p99Ms } = await closedLoop({ call: callAdapter, concurrency: 1 }, seconds);
            return { p50Ms, p99Ms };
          },
        })),
        budget,
      );
      const [ours, alone] = [figures.get("adapter"), figures.get("client")];
      if (ours === undefined || alone === undefined) throw new Error("both were measured");
      return {
        variant,
        p50Ms: rounded(ours.p50Ms),
        clientP50Ms: rounded(alone.p50Ms),
        p99Ms: rounded(ours.p99Ms),
        clientP99Ms: rounded(alone.p99Ms),
        overheadP50Ms: rounded(ours.p50Ms - alone.p50Ms),
      };
    },
  };
}

/** Returns the context of a task with this key. Adapters use no other fields. */
function contextOf(url: string, idempotencyKey: string): TaskContext {
  const { signal } = new AbortController();
  return {
    idempotencyKey,
    signal,
    remainingMs,
    secret: async () => url,
  } as Partial<TaskContext> as TaskContext;
}
