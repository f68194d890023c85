import assert from "node:assert/strict";
import { it } from "node:test";
import { withoutColours } from "../../terminal/style.ts";
import { steeredLine } from "../outcome.ts";
import { idleText } from "./list.ts";
import { receiptOf } from "./messages.ts";

it("a run with open tasks but no running task shows the states of its tasks", () => {
  assert.equal(
    idleText({ status: "running", tasks: { queued: 2, waiting: 1, pending: 3 } }),
    "2 tasks queued, 1 waiting",
  );
  assert.equal(idleText({ status: "running", tasks: { queued: 2, running: 1 } }), "");
  assert.equal(idleText({ status: "failed", tasks: { queued: 2 } }), "");
});

it("a cancelled run has one statement about its state", () => {
  const print = { style: withoutColours };
  const cancelled = (status: string) => steeredLine(print, { id: "a", done: "is being cancelled", status });
  assert.equal(cancelled("cancelled"), "✓ a is cancelled");
  assert.equal(cancelled("cancelling"), "✓ a is being cancelled");
  assert.equal(
    steeredLine(print, { id: "a", done: "is resumed", status: "running" }),
    "✓ a is resumed  ● running",
  );
});

it("a signal that no task waits for has no tick while the run waits for other signals", () => {
  assert.deepEqual(receiptOf(["approve"], withoutColours), { mark: "!", done: "kept by" });
  assert.deepEqual(receiptOf([], withoutColours), { mark: "✓", done: "sent to" });
});
