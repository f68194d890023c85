import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Attempt } from "./attempt.ts";
import { MeasureRegistry } from "./measures.ts";
import { OwnUse, type ProcessUse } from "./own-use.ts";

describe("the use of a task", () => {
  let nowMs = 0;
  let use: ProcessUse | undefined;
  const registry = new MeasureRegistry();
  const own = new OwnUse(registry, () => use);
  const attemptAt = (name: string, startedMs: number) =>
    // Of the rest nothing is read.
    new Attempt(
      name,
      { namespace: "" } as Attempt["assign"],
      { name, version: "" },
      { namespace: "shop", nowMs: () => nowMs } as Attempt["port"],
      startedMs,
    );
  const measured = () =>
    Object.fromEntries(
      (registry.measures().get("shop") ?? []).map((each) => [
        `${each.name} ${each.labels["capability"]}`,
        each,
      ]),
    );

  it("is measured while it runs alone", () => {
    const one = attemptAt("one", 0);
    use = { cpuMs: 1_000, memoryBytes: 50e6, childMs: 0 };
    own.started(one, 1);
    [nowMs, use] = [1_000, { cpuMs: 1_380, memoryBytes: 60e6, childMs: 0 }];
    own.recordUse(one);
    const { p99 = 0 } = measured()["task_cpu_cores one"] ?? {};
    assert.ok(Math.abs(p99 - 0.38) < 0.02, `${p99}`);
    assert.ok(Math.abs((measured()["task_memory_bytes one"]?.p99 ?? 0) - 60e6) < 3e6);
  });

  it("is not measured next to another task, without a measurement, or for a short task", () => {
    const [two, three] = [attemptAt("two", nowMs), attemptAt("three", nowMs)];
    own.started(two, 1);
    own.started(three, 2);
    nowMs += 1_000;
    own.recordUse(two);
    own.recordUse(three);
    const short = attemptAt("short", nowMs);
    own.started(short, 1);
    nowMs += 10;
    own.recordUse(short);
    use = undefined;
    const four = attemptAt("four", nowMs);
    own.started(four, 1);
    nowMs += 1_000;
    own.recordUse(four);
    assert.deepEqual(Object.keys(measured()).sort(), ["task_cpu_cores one", "task_memory_bytes one"]);
  });

  it("includes the CPU time of child processes, whose memory is unknown", () => {
    const five = attemptAt("five", nowMs);
    use = { cpuMs: 0, memoryBytes: 1, childMs: 0 };
    own.started(five, 1);
    nowMs += 1_000;
    use = { cpuMs: 900, memoryBytes: 1, childMs: 900 };
    own.recordUse(five);
    assert.deepEqual(
      Object.keys(measured()).filter((key) => key.endsWith("five")),
      ["task_cpu_cores five"],
    );
  });
});
