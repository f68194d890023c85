import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

const first = "workflow: told\ntasks: {go: {wait: {signal: go}}}\noutput: 1\n";
const second = first.replace("output: 1", "output: 2");

describe("versions of a definition", () => {
  it("count their open runs, each at the version that it started with", async () => {
    await using installation = await Installation.open();
    await using tutti = await installation.client();
    const live = async (liveOnly = false) => {
      const counts: Record<string, number> = {};
      for await (const { hash, liveCount } of tutti.workflows.versions("told", { liveOnly }))
        counts[hash] = liveCount;
      return counts;
    };
    // The index lags by at most a second.
    const becomes = (expected: Readonly<Record<string, number>>) =>
      until(
        "the counts are right",
        () => live(),
        (found) => Object.entries(expected).every(([hash, count]) => found[hash] === count),
      );
    const { hash: old } = await tutti.workflows.register(first);
    const early = [await tutti.run("told", { id: "early-1" }), await tutti.run("told", { id: "early-2" })];
    const { hash: changed } = await tutti.workflows.register(second);
    const late = await tutti.run("told", { id: "late-1" });
    assert.notEqual(old, changed);
    await becomes({ [old]: 2, [changed]: 1 });
    assert.deepEqual(Object.keys(await live()), [changed, old], "the newest first");

    await late.signal("go");
    assert.equal(await late.result(), 2);
    await becomes({ [old]: 2, [changed]: 0 });
    assert.deepEqual(await live(true), { [old]: 2 });

    for (const run of early) await run.signal("go");
    for (const run of early) assert.equal(await run.result(), 1);
    await becomes({ [old]: 0, [changed]: 0 });
    assert.deepEqual(await live(true), {});
  });
});
