import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Series } from "@tutti/contracts/insight/v1";
import { usesOf } from "./uses.ts";

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
});
