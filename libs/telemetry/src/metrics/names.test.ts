import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { flawOf, type MetricKind } from "./names.ts";

const sound: readonly (readonly [MetricKind, string])[] = [
  ["counter", "tutti_mesh_calls_total"],
  ["counter", "process_cpu_seconds_total"],
  ["gauge", "tutti_mesh_breaker_state"],
  ["gauge", "process_resident_memory_bytes"],
  ["gauge", "nodejs_eventloop_lag_p99_seconds"],
  ["histogram", "tutti_mesh_call_duration_seconds"],
  ["histogram", "tutti_bus_batch_events"],
  ["histogram", "tutti_pool_load_ratio"],
];

const flawed: readonly (readonly [MetricKind, string, RegExp])[] = [
  ["counter", "tuttiMeshCalls_total", /lower-case words/],
  ["counter", "tutti__calls_total", /lower-case words/],
  ["counter", "2_calls_total", /lower-case words/],
  ["counter", "tutti:calls_total", /lower-case words/],
  ["counter", "tutti_mesh_calls", /end in _total/],
  ["gauge", "tutti_mesh_calls_total", /belongs to counters/],
  ["gauge", "tutti_mesh_count", /belongs to the parts/],
  ["histogram", "tutti_mesh_call_sum", /belongs to the parts/],
  ["gauge", "tutti_queue_gauge", /leave out gauge/],
  ["histogram", "tutti_call_milliseconds", /base unit/],
  ["gauge", "tutti_uptime_hours", /expected seconds, got hours/],
  ["gauge", "tutti_lag_ms", /unit in full/],
  ["histogram", "tutti_mesh_call_duration", /its unit/],
];

describe("names of metrics", () => {
  for (const [kind, name] of sound) {
    it(`${name} is a good name for a ${kind}`, () => {
      assert.equal(flawOf(kind, name, "Help.", []), undefined);
    });
  }

  for (const [kind, name, flaw] of flawed) {
    it(`${name} is refused for a ${kind}`, () => {
      assert.match(flawOf(kind, name, "Help.", []) ?? "", flaw);
    });
  }

  it("an empty help is refused", () => {
    assert.match(flawOf("gauge", "tutti_things", "  ", []) ?? "", /help/);
  });

  it("reserved, malformed and repeated labels are refused", () => {
    assert.match(flawOf("gauge", "tutti_things", "Help.", ["le"]) ?? "", /Prometheus' own/);
    assert.match(flawOf("gauge", "tutti_things", "Help.", ["__name"]) ?? "", /snake case/);
    assert.match(flawOf("gauge", "tutti_things", "Help.", ["one", "one"]) ?? "", /twice/);
  });
});
