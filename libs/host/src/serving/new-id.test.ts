import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { idToStart, type StartingDependencies } from "./new-id.ts";

describe("the id of a start", () => {
  const ulid = "01j9z3k5p8qv2m4n6r7s8t9w0x";
  for (const [source, requestedId, idempotencyKey, expected] of [
    ["is the chosen one", "order-1", `call_${ulid}`, /^order-1$/],
    [
      "has the time of a key that a client made for the call",
      "",
      `call_${ulid}`,
      /^run_01j9z3k5p8qv2m4n6r7s8t9w0x$/,
    ],
    ["follows from any other key", "", "order-1", /^run_[0-9a-f]{26}$/],
  ] as const)
    it(source, () => {
      // Nothing is drawn.
      const dependencies = {} as StartingDependencies;
      const request = { kind: "run", requestedId, idempotencyKey };
      const id = idToStart(dependencies, request, { namespace: "default" });
      assert.match(id, expected);
      assert.equal(idToStart(dependencies, request, { namespace: "default" }), id);
    });
});
