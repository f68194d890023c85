import { quantile, rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { fairInPlatform } from "./fair-platform.ts";
import { Rig } from "./rig.ts";

const queued = 100_000;
const slots = 100;
/** How long every task takes, in the time of the pool. */
const taskMs = 1;
const stepMs = taskMs / slots;
const samples = 200;

/**
 * How long one task of a tenant waits while another's fill the queue. First in the pool's own time: slots end one after the
 * other, evenly over the time of a task, and wall clocks have no part in it, so that one round says it all. Then in the whole
 * platform, from the start of a run to its handler.
 */
export const fair: Scenario = {
  name: "fair",
  about: `the wait of one tenant's task beside ${queued.toLocaleString("en")} queued ones of another, and in an empty pool`,
  async *run() {
    const waits = waitsBeside(queued);
    const empty = waitsBeside(0);
    yield {
      variant: `pool, ${slots} slots, tasks of ${taskMs} ms`,
      queued,
      slots,
      taskMs,
      waitMs: rounded(quantile(waits, 0.5)),
      p99WaitMs: rounded(quantile(waits, 0.99)),
      emptyWaitMs: rounded(quantile(empty, 0.5)),
      emptyP99WaitMs: rounded(quantile(empty, 0.99)),
    };
    yield fairInPlatform(queued);
  },
};

function waitsBeside(others: number): Float64Array {
  const rig = new Rig(true);
  rig.join(10, slots / 10);
  let endedAtMs = 0;
  const loud = rig.sender({ namespace: "loud" });
  const quiet = rig.sender({ namespace: "quiet" }, () => {
    endedAtMs = rig.nowMs;
  });
  // Slots are taken one after the other, so that they are free one after the other.
  for (let taken = 0; taken < Math.min(slots, others); taken++) {
    loud.offer(1);
    rig.turn();
    rig.nowMs += stepMs;
  }
  loud.offer(Math.max(0, others - slots));
  const waits = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    endedAtMs = 0;
    const offeredAtMs = rig.nowMs;
    quiet.exchange(1);
    while (endedAtMs === 0) {
      rig.turn();
      rig.nowMs += stepMs;
      const before = rig.ended;
      rig.answerAfter(taskMs);
      rig.turn();
      // As many wait as before.
      if (others > 0 && rig.ended > before) loud.exchange(rig.ended - before);
    }
    waits[sample] = Math.max(0, endedAtMs - offeredAtMs - taskMs);
  }
  return waits.sort();
}
