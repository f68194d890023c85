import assert from "node:assert/strict";
import { it } from "node:test";
import { withoutColours } from "../../terminal/style.ts";
import { idleText } from "./list.ts";
import { receiptOf } from "./messages.ts";

it("a run with open tasks but no running task shows the states of its tasks", () => {
  assert.equal(
    idleText({ status: "running", tasks: { queued: 2, waiting: 1, pending: 3 } }),
    "2 queued, 1 waiting",
  );
  assert.equal(idleText({ status: "running", tasks: { queued: 2, running: 1 } }), "");
  assert.equal(idleText({ status: "failed", tasks: { queued: 2 } }), "");
});

it("a signal that no task waits for has no tick while the run waits for other signals", () => {
  assert.deepEqual(receiptOf(["approve"], withoutColours), { mark: "!", done: "kept by" });
  assert.deepEqual(receiptOf([], withoutColours), { mark: "✓", done: "sent to" });
});
