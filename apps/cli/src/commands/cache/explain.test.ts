import assert from "node:assert/strict";
import { it } from "node:test";
import { fromEntry, isEarlier } from "./explain.ts";

const producer = { runId: "r-1", taskId: "rates" };
const attempt = { number: 1, pool: "default", queueTimeMs: 1 } as never;

for (const [title, task, entry, outcome] of [
  [
    "an output of the cache is a hit",
    { fromCache: true, status: "completed" },
    producer,
    "hit from run r-1, task rates",
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
    "a failure of an attempt of its own is computed",
    { status: "failed", startTimeMs: 1, endTimeMs: 2, attempts: [attempt] },
    producer,
    "computed the output of run r-1, task rates was not there, or not fresh",
  ],
  [
    "a task that has not started waits",
    { status: "pending" },
    producer,
    "waiting another task computes the output",
  ],
] as const)
  it(title, () => {
    const explanation = fromEntry("r-2", { attempts: [], ...task }, entry);
    assert.equal(`${explanation?.outcome} ${explanation?.why}`, outcome);
  });

it("the task that computed the entry is compared with earlier inputs", () => {
  const own = { status: "completed", startTimeMs: 1, endTimeMs: 2, attempts: [attempt] } as const;
  assert.equal(fromEntry("r-1", own, producer), undefined);
});

it("an output that a later run stored does not explain the task", () => {
  const own = { status: "completed", startTimeMs: 10, endTimeMs: 20, attempts: [attempt] } as const;
  assert.equal(fromEntry("r-0", own, { ...producer, storeTimeMs: 30 }), undefined);
});

it("an output that was stored after the task started is no earlier input", () => {
  const task = { startTimeMs: 10, endTimeMs: 20 };
  assert.deepEqual(
    [5, 10, 15, 30].map((storeTimeMs) => isEarlier({ runId: "r-2", storeTimeMs }, "r-1", task)),
    [true, true, false, false],
  );
  assert.equal(isEarlier({ runId: "r-1", storeTimeMs: 5 }, "r-1", task), false);
});
