import assert from "node:assert/strict";
import { it } from "node:test";
import { Recommendation, TrialSample } from "@tutti/contracts/intelligence/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { advice, keepFound, recommended, registerTrial, startTrial } from "@tutti/machine-entities/advice";
import { adviceKeyOf, Trials, type TrialsParts } from "./trials.ts";

const key = adviceKeyOf("default");
const id = "order.cache.rates";

class TestTrials extends Trials {
  turn(): Promise<void> {
    return this.round();
  }
}

/** Ends a trial of a cache whose previous version computed these outputs, all from the same input. */
async function ended(outputs: readonly string[]) {
  const driver = new MachineDriver({ machines: [advice], service: "master" });
  const found = Recommendation.fromPartial({
    ...{ recommendationId: id, subject: "order", kind: "cache", task: "rates" },
    gain: { measure: "time", median: 0.5, low: 0.4, high: 0.6, runs: 40 },
  });
  driver.execute(key, keepFound, { subject: "order", baseHash: "old", found: [found] });
  driver.execute(key, startTrial, { recommendationId: id, baseHash: "old", percent: 50 });
  driver.execute(key, registerTrial, { recommendationId: id, hash: "new" });
  let runs = 20;
  let percent = 50;
  const recommendation = () => {
    const all = driver.query(key, recommended, undefined);
    assert.ok(!isRefusal(all));
    return all[0];
  };
  const clock = { now: () => driver.nowMs, monotonic: () => driver.nowMs };
  // The casts: a round uses only these parts.
  const trials = new TestTrials({
    ...{ adviceEveryMs: 0, foundation: { clock }, pools: { spanMs: 300_000 }, uses: {} },
    workflows: {
      latest: async () => ({ hash: "old", rollout: { hash: "new", percent } }),
      sample: async (_: unknown, hash: string) =>
        TrialSample.fromPartial({ runMs: Array<number>(runs).fill(hash === "old" ? 100 : 50) }),
      recorded: async () => ({
        runs: [],
        data: outputs.map((output) => ({ task: "rates", input: "1", output })),
      }),
      rollOut: async (_: unknown, change: { readonly percent: number }) => {
        percent = change.percent;
      },
    },
    partitionOwner: { owns: () => true },
    archive: { search: async () => ({ entries: [{ key, labels: { subject: "x" } }], cursor: "" }) },
    runtime: {
      ...{ service: "master", partitionOf: () => 0 },
      query: async (call: { query: never; body: never }) => driver.query(key, call.query, call.body),
      execute: async (call: { command: never; body: never }) => driver.execute(key, call.command, call.body),
    },
  } as unknown as TrialsParts);
  for (runs of [20, 40]) await trials.turn();
  return [percent, recommendation()?.trial?.finding];
}

it("a cache on trial is kept if it is faster and the previous version computes equal outputs", async () => {
  const [percent, finding] = await ended(["1.2", "1.2", "1.2"]);
  assert.equal(percent, 100);
  assert.match(`${finding}`, /^Median time 50 % less/);
});

it("a cache on trial is taken back if the previous version computes other outputs from the same input", async () => {
  assert.deepEqual(await ended(["1.2", "1.2", "1.3"]), [
    0,
    "`rates` gave different outputs for the same input (1 input).",
  ]);
});
