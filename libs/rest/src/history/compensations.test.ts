import assert from "node:assert/strict";
import { it } from "node:test";
import { compensationsOf } from "./compensations.ts";
import { events } from "./testing.ts";

it("compensations in code are the registered ones that have run, with their errors", () => {
  const step = (task: string, kind: string, id: string, more: object = {}) =>
    ["step_recorded", task, { entry: { kind: `FUNCTION_ENTRY_KIND_${kind}`, id, ...more } }] as const;
  const history = events(
    step("order", "STEP", "release.run"),
    step("order", "UNDO", "release"),
    step("order", "UNDO", "refund"),
    step("order", "UNDO", "notify"),
    step("other", "STEP", "refund.run"),
    step("order", "STEP", "refund.run", { error: { code: "bank.away", message: "away" } }),
    step("order", "STEP", "release.run"),
  );
  assert.deepEqual(compensationsOf(history), [
    { task: "order", name: "refund", error: "away" },
    { task: "order", name: "release", error: "" },
  ]);
});
