import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sessionService } from "@tutti/contracts/session/v1";
import { boardService, missionService } from "@tutti/contracts/swarm/v1";
import { runService, scheduleService, taskService } from "@tutti/contracts/workflow/v1";
import { withCallKeys } from "./call-keys.ts";

/** A client that returns the request of each call, with keys that count. */
function echoing(description: typeof runService) {
  const names = Object.keys(description.methods);
  const client = Object.fromEntries(names.map((name) => [name, async (request: object) => request]));
  let count = 0;
  const newId = (kind: string) => `${kind}_${++count}`;
  const calls: unknown = withCallKeys(client as never, description, { newId } as never);
  return calls as Readonly<Record<string, (request: object) => Promise<unknown>>>;
}

const descriptions = {
  ...{ runService, taskService, scheduleService, boardService, missionService, sessionService },
};

describe("the idempotency key of a call", () => {
  for (const [service, description] of Object.entries(descriptions))
    for (const [name, { repeat, request, requestStream }] of Object.entries(description.methods)) {
      const empty: object = request.decode(new Uint8Array());
      if (requestStream || !("idempotencyKey" in empty)) continue;
      it(`${repeat === "keyed" ? "is new for" : "is not needed for"} ${name} of ${service}`, async () => {
        const client = echoing(description as never);
        const keys = repeat === "keyed" ? ["call_1", "call_2"] : ["", ""];
        assert.deepEqual(
          [await client[name]?.(empty), await client[name]?.(empty)],
          keys.map((idempotencyKey) => ({ ...empty, idempotencyKey })),
        );
      });
    }

  it("stays the key of the caller, or the chosen id that serves as one", async () => {
    const client = echoing(runService);
    const signal = { idempotencyKey: "mine" };
    assert.equal(await client["signalRun"]?.(signal), signal);
    const start = { runId: "order-1", idempotencyKey: "" };
    assert.equal(await client["startRun"]?.(start), start);
  });
});
