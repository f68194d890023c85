import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Series } from "@tutti/contracts/insight/v1";
import { Uses, usesOf } from "./uses.ts";

const seriesOf = (queryId: string, capability: string, values: number[]) =>
  Series.fromPartial({ queryId, labels: { capability }, values });

describe("the use of tasks", () => {
  it("is the worst hour of each capability, with the attempts of all hours", () => {
    const found = usesOf([
      seriesOf("cpu.p50", "image.resize", [Number.NaN, 0.1, 0.2]),
      seriesOf("cpu.p99", "image.resize", [Number.NaN, 0.38, 0.3]),
      seriesOf("cpu.count", "image.resize", [Number.NaN, 36, 72]),
      seriesOf("memory_bytes.p50", "image.crop", [1e8]),
      seriesOf("memory_bytes.p99", "image.crop", [2e8]),
      seriesOf("memory_bytes.count", "image.crop", [360.2]),
      seriesOf("cpu.p99", "image.none", [Number.NaN]),
    ]);
    assert.deepEqual(found, [
      { capability: "image.resize", resource: "cpu", p50: 0.2, p99: 0.38, attempts: 108 },
      { capability: "image.crop", resource: "memory_bytes", p50: 1e8, p99: 2e8, attempts: 360 },
    ]);
  });

  it("is read once a minute for each caller, and again after an error", async () => {
    let nowMs = 600_000;
    let isBroken = true;
    const calls: string[] = [];
    const client = {
      listMetrics: async ({ namespace }: { readonly namespace: string }) => {
        calls.push(namespace);
        if (isBroken) throw new Error("away");
        return { metrics: [] };
      },
    };
    const mesh = { client: () => client, knows: () => true } as never;
    const uses = new Uses(mesh, { now: () => nowMs } as never);
    await assert.rejects(uses.measured({ namespace: "a" }), /away/);
    isBroken = false;
    for (const namespace of ["a", "a", "b", "a"]) await uses.measured({ namespace });
    nowMs += 60_000;
    await uses.measured({ namespace: "a" });
    assert.deepEqual(calls, ["a", "a", "b", "a"]);
  });
});
