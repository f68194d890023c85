import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Run } from "@tutti/rest/types";
import type { RouteCalls } from "../calls/route-calls.ts";
import { addressIn, type ResourceCall, Resources } from "./resources.ts";

const known: readonly (readonly [uri: string, address: unknown])[] = [
  ["tutti://workflows/greet", { kind: "workflow", name: "greet" }],
  ["tutti://workflows/a%2Fb", { kind: "workflow", name: "a/b" }],
  ["tutti://runs/order-17", { kind: "run", id: "order-17" }],
  ["tutti://runs/order-17/result", { kind: "result", id: "order-17" }],
  ["tutti://runs/order-17/why", { kind: "why", id: "order-17" }],
];
const unknown = [
  ...["", "test://runs/a", "tutti://runs", "tutti://runs/", "tutti://runs/../x", "tutti://runs/a/history"],
  ...["tutti://runs/%2e%2e", "tutti://runs/%", "tutti://workflows/a/why", "tutti://runs/a?b"],
];

describe("the address of a resource", () => {
  for (const [uri, address] of known) it(`is read: ${uri}`, () => assert.deepEqual(addressIn(uri), address));
  for (const uri of unknown) it(`is unknown: ${uri}`, () => assert.equal(addressIn(uri), undefined));
});

const run = (eventCount: number, status: Run["status"] = "running") =>
  ({ runId: "busy", status, eventCount }) as Run;

it("a subscription reads a run no further while its client does not read", async () => {
  let reads = 0;
  const calls = {
    call: async (name: string) =>
      name === "runs.get" ? run(0) : run(++reads, reads < 50 ? "running" : "completed"),
  } as unknown as RouteCalls;
  const { promise: room, resolve: makeRoom } = Promise.withResolvers<void>();
  const notified: string[] = [];
  const updated = Promise.withResolvers<void>();
  const listening = new Resources(calls).listen({
    request: { id: 1, params: { notifications: { resourceSubscriptions: ["tutti://runs/busy"] } } },
    context: { signal: new AbortController().signal, stopping: new AbortController().signal },
    namespace: "default",
    notify: (method = "alive") => {
      notified.push(method);
      if (method !== "notifications/resources/updated") return undefined;
      updated.resolve();
      return room;
    },
  } as unknown as ResourceCall);
  await updated.promise;
  for (let turn = 0; turn < 1_000; turn++) await Promise.resolve();
  assert.deepEqual([reads, notified.length], [1, 2]);
  makeRoom();
  await listening;
  assert.equal(reads, 50);
});
