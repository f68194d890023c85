import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { holder } from "@tutti/machine-limit/testing";
import fc from "fast-check";
import { object } from "../src/index.ts";

const objectKey = { namespace: "default", kind: "object", id: "cart..seven" };
const holders = fc
  .constantFrom("a", "b", "c", "d")
  .map((id) => ({ service: "workflow", kind: "holder", id, task: "" }));
const ticket = fc.integer({ min: 0, max: 12 });
const value = fc.constantFrom("1", "null", '{"n":2}').map((text) => new TextEncoder().encode(text));
const entries = fc.array(fc.record({ name: fc.constantFrom("x", "y"), value }), { maxLength: 3 });
const call = (command: string, body: fc.Arbitrary<object>) =>
  body.map((generated) => ({ key: objectKey, command, body: generated }));

describe("object", () => {
  machineConformance({
    machines: [object, holder],
    service: "workflow",
    commands: fc.oneof(
      {
        weight: 5,
        arbitrary: call(
          "acquire_object",
          fc.record({
            ...{ holder: holders, name: fc.constant("cart"), key: fc.constant("seven") },
            ...{ call: fc.constant("add"), reader: fc.boolean() },
          }),
        ),
      },
      { weight: 5, arbitrary: call("change_object", fc.record({ holder: holders, ticket, entries })) },
      {
        weight: 4,
        arbitrary: call(
          "release_object",
          fc.record({ holder: holders, ticket: fc.oneof(fc.constant(0), ticket), status: fc.constant(5) }),
        ),
      },
    ),
    golden: new URL("../golden/", import.meta.url),
    // The tests of limits cover the commands of the holder for limits.
    rare: [
      ...["want", "leave", "decline_limit", "withdraw_limit"],
      ...["limit_wanted v1", "limit_left v1", "limit_declined v1", "limit_lost v1"],
    ],
    invariant(driver) {
      const { current, waiting, byHolder } = driver.state(objectKey, object);
      assert.equal(byHolder.size, waiting.size + (current === undefined ? 0 : 1));
      assert.ok(current !== undefined || waiting.size === 0, "a call that can start has started");
    },
  });
});
