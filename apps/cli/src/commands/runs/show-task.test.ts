import assert from "node:assert/strict";
import { it } from "node:test";
import { attemptRow, earlierTurns } from "./show-task.ts";

it("an attempt in the queue of its pool is shown as queued, and a running one as running or with its progress", () => {
  const attempt = { number: 1, pool: "default", queueTimeMs: 1_000 };
  const resultOf = (status: string, more: object = {}) =>
    attemptRow({ ...attempt, ...more }, status, 2_000).at(-1);
  assert.deepEqual(resultOf("queued"), { text: "queued", tone: "cyan" });
  assert.deepEqual(resultOf("running"), { text: "running", tone: "cyan" });
  assert.deepEqual(resultOf("running", { message: "half" }), { text: "half", tone: "cyan" });
  assert.deepEqual(resultOf("retrying", { error: { message: "closed" } }), { text: "closed", tone: "red" });
  assert.deepEqual(resultOf("waiting"), { text: "waits for its calls", tone: "cyan" });
  assert.deepEqual(resultOf("completed", { endTimeMs: 1_500 }), { text: "done", tone: "green" });
});

it("turns of a function or an agent without a row are counted, and attempts of other tasks are not", () => {
  const failed = { pool: "", number: 2, error: { message: "closed", violations: [], details: {} } };
  assert.equal(
    earlierTurns({ kind: "function", attempts: [failed, { pool: "", number: 5 }] }),
    "and 3 earlier turns",
  );
  assert.equal(earlierTurns({ kind: "function", attempts: [{ pool: "", number: 1 }] }), undefined);
  assert.equal(earlierTurns({ kind: "function", attempts: [] }), undefined);
  assert.equal(earlierTurns({ kind: "uses", attempts: [{ pool: "", number: 5 }] }), undefined);
});
