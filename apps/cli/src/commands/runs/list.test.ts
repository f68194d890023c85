import assert from "node:assert/strict";
import { it } from "node:test";
import { withoutColours } from "../../terminal/style.ts";
import { idleWords } from "./list.ts";
import { receiptOf } from "./messages.ts";

it("a run with open tasks, none of which runs, says how they stand", () => {
  assert.equal(
    idleWords({ status: "running", tasks: { queued: 2, waiting: 1, pending: 3 } }),
    "2 queued, 1 waiting",
  );
  assert.equal(idleWords({ status: "running", tasks: { queued: 2, running: 1 } }), "");
  assert.equal(idleWords({ status: "failed", tasks: { queued: 2 } }), "");
});

it("a signal that nothing waits for, while the run waits for others, has no tick", () => {
  assert.deepEqual(receiptOf(["approve"], withoutColours), { mark: "!", done: "kept by" });
  assert.deepEqual(receiptOf([], withoutColours), { mark: "✓", done: "sent to" });
});
