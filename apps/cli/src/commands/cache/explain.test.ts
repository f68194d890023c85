import assert from "node:assert/strict";
import { it } from "node:test";
import { isEarlier, missText, withoutMiss } from "./explain.ts";

const producer = { runId: "r-1", taskId: "rates", storeTimeMs: 2 };
const attempt = { number: 1, pool: "default", queueTimeMs: 1 } as never;

for (const [title, task, entry, outcome] of [
  [
    "an output of the cache is a hit",
    { fromCache: true, status: "completed", endTimeMs: 3 },
    producer,
    "hit from run r-1, task rates",
  ],
  [
    "an output that was stored after the hit is not its source",
    { fromCache: true, status: "completed", endTimeMs: 1 },
    producer,
    "hit from an earlier output",
  ],
  [
    "a failure without an attempt is the recorded one",
    { status: "failed", endTimeMs: 2 },
    producer,
    "hit the failure of run r-1, task rates",
  ],
  [
    "a recorded failure that has expired is still a hit",
    { status: "failed", endTimeMs: 2 },
    undefined,
    "hit an earlier failure",
  ],
  [
    "an attempt without a recorded reason is from an earlier release",
    { status: "completed", endTimeMs: 2, attempts: [attempt] },
    producer,
    "computed an earlier release of Tutti did not record the reason",
  ],
  [
    "a task that has not started waits",
    { status: "pending" },
    producer,
    "waiting for the cache, or for another task that computes the output",
  ],
  [
    "a cancelled task has no reply",
    { status: "cancelled", endTimeMs: 2 },
    undefined,
    "waiting it ended before the cache replied",
  ],
] as const)
  it(title, () => {
    const explanation = withoutMiss({ attempts: [], ...task }, entry);
    assert.equal(`${explanation.outcome} ${explanation.why}`, outcome);
  });

it("a recorded reason names the run, the task and the time", () => {
  const nowMs = Date.now();
  const of = { runId: "r-1", taskId: "rates" };
  const at = { ...of, forgetTimeMs: nowMs };
  assert.match(
    missText({ reason: "expired", ...at }, nowMs),
    /^the output of run r-1, task rates expired at \d\d:/,
  );
  assert.match(
    missText({ reason: "evicted", ...at }, nowMs),
    / was evicted at [\d:]+, because the cache was full$/,
  );
  assert.match(missText({ reason: "unreadable", ...at }, nowMs), / could not read it: /);
  assert.match(missText({ reason: "invalidated" }, nowMs), /^the output was invalidated$/);
  assert.match(
    missText({ reason: "producer_ended", ...of }, nowMs),
    / of run r-1, task rates, which ended without/,
  );
  assert.equal(
    missText({ reason: "crowded", ...of }, nowMs),
    "too many tasks waited for the output of run r-1, task rates",
  );
  assert.equal(missText({ reason: "no_reply" }, nowMs), "the cache did not reply in time");
  assert.match(missText({ reason: "unproven", neededOutputs: 3 }, nowMs), /: 0 of 3 outputs/);
});

it("an output that was stored after the task started is no earlier input", () => {
  const task = { startTimeMs: 10, endTimeMs: 20 };
  assert.deepEqual(
    [5, 10, 15, 30].map((storeTimeMs) => isEarlier({ runId: "r-2", storeTimeMs }, "r-1", task)),
    [true, true, false, false],
  );
  assert.equal(isEarlier({ runId: "r-1", storeTimeMs: 5 }, "r-1", task), false);
});
