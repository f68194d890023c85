import assert from "node:assert/strict";
import { it } from "node:test";
import type { Run } from "@tutti/rest/types";
import type { RequestContext } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import { type A2aCall, A2aServer } from "./a2a-server.ts";
import type { PushOperations } from "./push/push-operations.ts";

const run = (eventCount: number, status: Run["status"] = "running") =>
  ({ runId: "busy", status, eventCount, outcome: { completed: "done" } }) as Run;

/** A server over one run that has another event at each read, up to a given number. */
function serverOf(events: number, clock = { ms: 0, lookMs: 1 }) {
  let count = 0;
  const calls = {
    call: async (name: string) => {
      if (name === "runs.history") return { events: [] };
      if (name === "runs.result") {
        count++;
        clock.ms += clock.lookMs;
      }
      return run(count, count < events ? "running" : "completed");
    },
  } as unknown as RouteCalls;
  return new A2aServer({ calls, push: {} as PushOperations, clock: { monotonic: () => clock.ms } });
}

const subscription = {
  method: "SubscribeToTask",
  params: { id: "busy" },
  namespace: "default",
  address: {},
  context: {
    waitUntilMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    stopping: new AbortController().signal,
  } as RequestContext,
} as unknown as A2aCall;

async function eventsOf(server: A2aServer): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of (await server.handleCall(subscription)) as AsyncGenerator<unknown>)
    if (event !== undefined) events.push(event);
  return events;
}

it("a client follows a task with many events to its end", async () => {
  const events = await eventsOf(serverOf(1_000));
  assert.match(JSON.stringify(events.at(-1)), /TASK_STATE_COMPLETED/);
});

it("a client follows a task that does not end for an hour", async () => {
  const clock = { ms: 0, lookMs: 10_000 };
  await eventsOf(serverOf(1_000_000, clock));
  assert.equal(clock.ms, 3_600_000);
});
