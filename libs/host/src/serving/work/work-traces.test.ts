import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { Outcome, Span, SpanKind } from "@tutti/contracts/types/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import { type EndedWork, WorkTraces } from "./work-traces.ts";

const { SPAN_KIND_WHOLE, SPAN_KIND_QUEUE, SPAN_KIND_ATTEMPT, SPAN_KIND_WAIT, SPAN_KIND_PART } = SpanKind;
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const sampled = `00-${traceId}-00f067aa0ba902b7-01`;
const key: InstanceKey = { namespace: "shop", kind: "run", id: "order-1" };
const completed: EndedWork = {
  definition: "order",
  outcome: Outcome.fromPartial({ result: { $case: "completed", value: {} } }),
};

function span(spanId: string, kind: SpanKind, [startMs, endMs]: readonly [number, number?], more = {}): Span {
  const times = {
    startTime: toTimestamp(startMs),
    ...(endMs !== undefined && { endTime: toTimestamp(endMs) }),
  };
  return Span.fromPartial({ spanId, kind, ...times, parentSpanId: "whole", ...more });
}

const root = span("whole", SPAN_KIND_WHOLE, [1_000, 2_000], { parentSpanId: "" });

/** Exports the spans of one work, and returns them. */
async function exportSpans(spans: readonly Span[], { traceparent = sampled, end = completed } = {}) {
  const foundation = testFoundation();
  const traces = new WorkTraces(foundation);
  const requests: string[] = [];
  const record = JournalRecord.encode(JournalRecord.fromPartial({ cause: { traceparent } })).finish();
  traces.connect({
    runtime: { history: async () => [{ event: 1, record, timeMs: 1_000, place: { batch: 1, index: 0 } }] },
    endOf: async () => end,
    timelineOf: async (_key, token, trace) => {
      requests.push(token);
      assert.equal(trace.sampled, false);
      const at = Number(token);
      const nextToken = at + 1 < spans.length ? String(at + 1) : "";
      return { spans: spans.slice(at, at + 1), page: { nextToken } };
    },
  });
  traces.enqueue(key);
  await foundation.time.settle(traces.drain());
  return { past: foundation.tracer.past, requests };
}

describe("traces of work", () => {
  it("have spans for queue and attempt below the whole, which is below the span of its start", async () => {
    const ship = { task: "ship[3]", attempt: 2, agentId: "worker" };
    const { past, requests } = await exportSpans([
      root,
      span("queue", SPAN_KIND_QUEUE, [1_000, 1_250], { ...ship, agentId: "" }),
      span("attempt", SPAN_KIND_ATTEMPT, [1_250, 1_900], ship),
    ]);
    assert.deepEqual(requests, ["", "1", "2"]);
    assert.deepEqual(
      past.map(({ name, kind, context, parent, startMs, endMs }) => [
        ...[name, kind, context.traceId === traceId, context.spanId, parent?.spanId, startMs, endMs],
      ]),
      [
        ["run order", "internal", true, "whole", "00f067aa0ba902b7", 1_000, 2_000],
        ["queue ship", "internal", true, "queue", "whole", 1_000, 1_250],
        ["attempt ship", "client", true, "attempt", "whole", 1_250, 1_900],
      ],
    );
    assert.deepEqual(past[0]?.attributes, {
      ...{ "tutti.namespace": "shop", "tutti.run.id": "order-1", "tutti.outcome": "completed" },
    });
    assert.deepEqual(past[2]?.attributes, {
      ...{ "tutti.namespace": "shop", "tutti.run.id": "order-1", "tutti.task.id": "ship[3]" },
      ...{ "tutti.task.attempt": 2, "tutti.agent.id": "worker", "tutti.task.queued_ms": 250 },
    });
  });

  it("link the span that waits for a child to the child, which exports its own spans", async () => {
    const { past } = await exportSpans([
      root,
      span("wait", SPAN_KIND_WAIT, [1_000, 1_900], { task: "ship" }),
      span("child", SPAN_KIND_WHOLE, [1_100, 1_800], { task: "ship", parentSpanId: "wait" }),
      span("deep", SPAN_KIND_ATTEMPT, [1_100, 1_800], { task: "ship/box", parentSpanId: "child" }),
    ]);
    assert.deepEqual(
      past.map(({ name, links = [] }) => [name, ...links.map(({ spanId }) => spanId)]),
      [["run order"], ["wait ship", "child"]],
    );
  });

  it("link the parts of a session with the work that does them", async () => {
    const { past } = await exportSpans([
      root,
      span("part", SPAN_KIND_PART, [1_000, 1_900], { task: "p1" }),
      span("run", SPAN_KIND_WHOLE, [1_100, 1_800], { task: "p1", parentSpanId: "part" }),
      span("deep", SPAN_KIND_ATTEMPT, [1_100, 1_800], { task: "p1/box", parentSpanId: "run" }),
    ]);
    assert.deepEqual(
      past.map(({ name, kind, attributes, links = [] }) => [
        ...[name, kind, attributes?.["tutti.part.id"], ...links.map(({ spanId }) => spanId)],
      ]),
      [
        ["run order", "internal", undefined],
        ["part p1", "internal", "p1", "run"],
      ],
    );
  });

  it("contain the failure, and omit spans without an end", async () => {
    const value = { code: "shop.empty", message: "the shelf is empty" };
    const outcome = Outcome.fromPartial({ result: { $case: "failed", value } });
    const spans = [root, span("open", SPAN_KIND_QUEUE, [1_000], { task: "a" })];
    const { past } = await exportSpans(spans, { end: { definition: "", outcome } });
    assert.deepEqual(
      past.map(({ name, attributes, error }) => [name, attributes?.["tutti.outcome"], String(error)]),
      [["run", "failed", "Error: the shelf is empty"]],
    );
    const continued = await exportSpans([root], { end: { definition: "order", outcome: undefined } });
    assert.equal(continued.past[0]?.attributes?.["tutti.outcome"], "continued");
    assert.equal(continued.past[0]?.error, undefined);
  });

  it("are of work alone that was started in a trace which is recorded", async () => {
    for (const traceparent of ["", "nonsense", sampled.replace(/01$/, "00")]) {
      const { past, requests } = await exportSpans([root], { traceparent });
      assert.deepEqual([past, requests], [[], []], traceparent);
    }
  });

  it("count failed exports, and continue with the next", async () => {
    const foundation = testFoundation();
    const traces = new WorkTraces(foundation);
    const requests: string[] = [];
    traces.connect({
      runtime: {
        history: async ({ id }) => {
          requests.push(id);
          throw new Error("it is gone");
        },
      },
      endOf: async () => completed,
      timelineOf: async () => ({ spans: [], page: undefined }),
    });
    for (const id of ["one", "two"]) traces.enqueue({ ...key, id });
    await foundation.time.settle(traces.drain());
    assert.deepEqual(requests, ["one", "two"]);
    // As many as may be queued besides the one being exported.
    for (let index = 0; index < 1_003; index++) traces.enqueue({ ...key, id: `burst-${index}` });
    await foundation.time.settle(traces.drain());
    assert.equal(requests.length, 2 + 1_001);
    assert.equal(foundation.metrics.value("tutti_telemetry_work_left_out_total"), requests.length + 2);
  });
});
