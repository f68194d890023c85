import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chartDataOf, linesOf, nameOf, statisticLabel, writtenFor } from "./lines.ts";
import { metricsSearch } from "./search.ts";

const series = (labels: Record<string, string>, values: readonly number[], figure = "value") => ({
  ...{ name: "m", labels, figure, stepMs: 10 },
  points: values.map((value, at) => ({ timeMs: at * 10, value })),
});

describe("the lines of a metric", () => {
  it("belong to one figure, with the highest line first", () => {
    const all = [series({ a: "low" }, [1, 3]), series({ a: "high" }, [9]), series({ a: "x" }, [99], "p99")];
    const lines = linesOf([...all, series({ a: "none" }, [])], "value");
    assert.deepEqual(
      lines.map(({ name, latest, mean, max }) => [name, latest, mean, max]),
      [
        ["high", 9, 9, 9],
        ["low", 3, 2, 3],
      ],
    );
  });

  it("are named by their labels, the process last", () => {
    assert.equal(nameOf({}), "all");
    assert.equal(nameOf({ process: "swarm", kind: "" }), "swarm");
    assert.equal(nameOf({ process: "swarm", kind: "major" }), "kind=major swarm");
    const processLabel = "gateway+governance+insight+master 127.0.0.1:7401";
    assert.equal(nameOf({ process: processLabel }), "platform 127.0.0.1:7401");
    assert.equal(nameOf({ process: "gateway+swarm 127.0.0.1:7401" }), "gateway, swarm 127.0.0.1:7401");
  });

  it("have gaps for missing values", () => {
    const one = { points: [0, 10, 90].map((timeMs) => ({ timeMs, value: timeMs })) };
    const other = { points: [{ timeMs: 10, value: 1 }] };
    assert.deepEqual(chartDataOf([one, other], 10), {
      atSec: [0, 0.01, 0.02, 0.09],
      values: [
        [0, 10, undefined, 90],
        [undefined, 1, undefined, undefined],
      ],
    });
  });

  it("are written in the unit of the metric", () => {
    assert.equal(writtenFor("process_resident_memory_bytes", "value")(2_097_152), "2.0 MiB");
    assert.equal(writtenFor("tutti_mesh_call_duration_seconds", "p99")(0.25), "250 ms");
    assert.equal(writtenFor("process_cpu_seconds_total", "rate")(0.5), "0.5");
    assert.equal(writtenFor("sent_bytes_total", "rate")(1_024), "1.0 KiB/s");
    assert.equal(writtenFor("orders_total", "rate")(3), "3");
    assert.equal(statisticLabel("orders_total", "rate"), "per second");
    assert.equal(statisticLabel("process_resident_memory_bytes", "value"), "", "the unit is at each number");
  });
});

describe("the address of the page of metrics", () => {
  it("contains only known parameters with valid values", () => {
    const search = { metric: "m", range: "7d", over: "max", scope: "own", by: "process", text: 3, x: "y" };
    assert.deepEqual(metricsSearch(search), {
      ...{ metric: "m", range: "7d", over: "max", scope: "own", by: "process" },
    });
    assert.deepEqual(metricsSearch({ range: "1y", over: "most", scope: "all" }), {});
  });
});
