import assert from "node:assert/strict";
import { it } from "node:test";
import type { Run } from "@tutti/rest/types";
import { QuestionPolling } from "./related-questions.ts";

const run = (eventCount: number, running = 1) =>
  ({ status: "running", eventCount, tasks: { running } }) as Run;

/** Follows a run whose events come at these times, and returns the times of the polling. */
function pollsOf(eventsMs: readonly number[], untilMs: number, foundMs = Number.POSITIVE_INFINITY): number[] {
  let nowMs = 0;
  const polling = new QuestionPolling({ monotonic: () => nowMs });
  const found: number[] = [];
  while (nowMs < untilMs) {
    const count = eventsMs.filter((ms) => ms <= nowMs).length;
    if (polling.isDue(run(count))) {
      found.push(nowMs);
      polling.found(nowMs >= foundMs);
    }
    const next = eventsMs.find((ms) => ms > nowMs) ?? Number.POSITIVE_INFINITY;
    nowMs = Math.min(next, nowMs + polling.nextMs(run(count), 10_000));
  }
  return found;
}

it("a follower polls inboxes while a run is quiet, at intervals that grow", () => {
  assert.deepEqual(pollsOf([0], 45_000), [0, 500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500]);
  assert.deepEqual(pollsOf([0, 4_000], 6_000), [0, 500, 1_500, 3_500, 4_500, 5_500]);
});

it("a follower of a run with many events polls rarely, and at each event after it has found a question", () => {
  const events = Array.from({ length: 200 }, (_, index) => index * 100);
  assert.deepEqual(pollsOf(events, 19_950), [0, 10_000]);
  assert.equal(pollsOf(events, 19_950, 10_000).length, 101);
});

it("a run without a running task is not polled", () => {
  const polling = new QuestionPolling({ monotonic: () => 0 });
  assert.equal(polling.isDue(run(1, 0)), false);
  assert.equal(polling.nextMs(run(1, 0), 10_000), 10_000);
});
