import assert from "node:assert/strict";
import { it } from "node:test";
import { healthText, unreadyIn } from "./health.ts";

it("health of the last day: unready services, the latest first", () => {
  assert.equal(unreadyIn([]), undefined);
  assert.deepEqual(unreadyIn([{ subject: "workflow", state: "ready", startTimeMs: 1 }]), []);
  const spans = [
    { subject: "workflow/archive", state: "degraded", startTimeMs: 1, endTimeMs: 2 },
    { subject: "workflow", state: "ready", startTimeMs: 1 },
    { subject: "swarm", state: "not_ready", startTimeMs: 3 },
  ];
  assert.deepEqual(
    unreadyIn(spans)?.map(({ subject }) => subject),
    ["swarm", "workflow/archive"],
  );
  assert.equal(healthText("not_ready"), "not ready");
});
