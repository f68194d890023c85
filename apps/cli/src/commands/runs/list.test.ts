import assert from "node:assert/strict";
import { it } from "node:test";
import { idleWords } from "./list.ts";

it("a run with open tasks, none of which runs, says how they stand", () => {
  assert.equal(
    idleWords({ status: "running", tasks: { queued: 2, waiting: 1, pending: 3 } }),
    "2 queued, 1 waiting",
  );
  assert.equal(idleWords({ status: "running", tasks: { queued: 2, running: 1 } }), "");
  assert.equal(idleWords({ status: "failed", tasks: { queued: 2 } }), "");
});
