import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Component, MetricSeries, ProcessComponents } from "@tutti/rest/types";
import { lineOf, metricNameOf, reasonOf, seriesOf, shortTree, stateOf, uses, writtenUse } from "./process.ts";

const part = (path: string, changes: Partial<Component> = {}): Component => ({
  ...{ path, name: path.split(".").at(-1) ?? "", depth: path.split(".").length - 1, state: "ready" },
  ...changes,
});
const process = (components: readonly Component[], changes: Partial<ProcessComponents> = {}) => ({
  ...{ services: ["swarm", "workflow"], address: "10.0.0.1:7401", components },
  ...changes,
});
const memory = (label: string | undefined, value: number): MetricSeries => ({
  ...{ name: "process_resident_memory_bytes", figure: "value", stepMs: 1_000 },
  ...{ labels: label === undefined ? {} : { process: label }, points: [{ timeMs: 0, value }] },
});
const use = uses[1];

describe("the page of services", () => {
  it("shows services and components with problems, under their parents", () => {
    const components = [
      part("platform"),
      part("platform.mesh"),
      part("platform.workflow"),
      part("platform.workflow.index"),
      ...[part("platform.bus"), part("platform.bus.nats", { failures: 2 }), part("platform.swarm")],
      part("platform.swarm.pools", { state: "degraded" }),
      part("platform.swarm.poolside"),
    ];
    assert.deepEqual(
      shortTree(process(components)).map(({ path }) => path),
      [
        "platform",
        "platform.workflow",
        "platform.bus",
        "platform.bus.nats",
        "platform.swarm",
        "platform.swarm.pools",
      ],
    );
  });

  it("shows the state of the whole process, or that it does not answer", () => {
    assert.equal(stateOf(process([part("platform", { state: "degraded" })])), "degraded");
    assert.equal(stateOf(process([], { problem: "gone" })), "no answer");
  });

  it("finds the metrics of a process by name or address, or without a label if there is only one process", () => {
    const one = process([]);
    const other = process([], { services: ["gateway"], address: "10.0.0.2:7401" });
    const series = [memory("gateway 10.0.0.2:7401", 2), memory("renamed 10.0.0.1:7401", 1)];
    assert.equal(metricNameOf(one), "swarm+workflow 10.0.0.1:7401");
    assert.equal(seriesOf(one, series, use)?.points[0]?.value, 1);
    assert.equal(seriesOf(other, series, use)?.points[0]?.value, 2);
    assert.equal(seriesOf(one, [memory(undefined, 3)], use)?.points[0]?.value, 3);
    assert.equal(seriesOf(process([], { problem: "gone" }), [memory(undefined, 3)], use), undefined);
    assert.equal(seriesOf({ services: ["swarm"] }, [memory("swarm", 4)], use)?.points[0]?.value, 4);
  });

  it("writes each use in its unit", () => {
    const written = [0.12, 3 * 1_048_576, 0.004, 2_048, 100.4].map((value, at) => {
      const each = uses[at];
      assert.ok(each);
      return writtenUse({ points: [{ timeMs: 0, value }] }, each);
    });
    assert.deepEqual(written, ["12 % of a core", "3.0 MiB", "4 ms", "2.0 KiB/s", "100 B/s"]);
    assert.equal(writtenUse({ points: [] }, use), "–");
  });

  it("draws values from 0 up, and none of a single value", () => {
    const points = [0, 5, 10].map((value, at) => ({ timeMs: at * 10, value }));
    assert.equal(lineOf(points, 80, 16), "0,16 40,8 80,0");
    assert.equal(lineOf(points.slice(0, 1), 80, 16), "");
  });

  it("explains the state of a component, or else its last failure", () => {
    assert.equal(reasonOf(part("a", { reason: "disk full", lastError: "disk slow" })), "disk full");
    assert.equal(reasonOf(part("a", { lastError: "disk slow" })), "disk slow");
  });
});
