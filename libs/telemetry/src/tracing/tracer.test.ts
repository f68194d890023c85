import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Chance, type TraceContext, TuttiError } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import type { FinishedSpan } from "./recorded-span.ts";
import { TelemetryTracer } from "./tracer.ts";

const traceIdForm = /^(?!0+$)[\da-f]{32}$/;
const spanIdForm = /^(?!0+$)[\da-f]{16}$/;
const remote: TraceContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  sampled: false,
};

function silentTracer(chance: Chance = seededChance(1)) {
  return new TelemetryTracer({ clock: new VirtualTime(), chance });
}

function recording(sampleRatio = 1) {
  const time = new VirtualTime();
  const spans: FinishedSpan[] = [];
  const tracer = new TelemetryTracer({ clock: time, chance: seededChance(1) });
  tracer.recordInto({ accept: (span) => void spans.push(span) }, sampleRatio);
  return { time, tracer, spans };
}

describe("a tracer that records nothing", () => {
  it("creates ids that do not change", () => {
    const { context } = silentTracer().start({ name: "call", kind: "client" });
    assert.match(context.traceId, traceIdForm);
    assert.match(context.spanId, spanIdForm);
    assert.equal(context.traceId, context.traceId);
    assert.equal(context.spanId, context.spanId);
    assert.equal(context.sampled, false);
  });

  it("gives all spans of one trace its trace id, in any order of access", () => {
    const tracer = silentTracer();
    const root = tracer.start({ name: "root", kind: "server" });
    const child = tracer.start({ name: "child", kind: "client", parent: root.context });
    const grandchild = tracer.start({ name: "grandchild", kind: "server", parent: child.context });
    assert.equal(grandchild.context.traceId, root.context.traceId);
    assert.equal(child.context.traceId, root.context.traceId);
    assert.equal(new Set([root, child, grandchild].map((span) => span.context.spanId)).size, 3);
  });

  it("continues the trace of a remote caller", () => {
    const { context } = silentTracer().start({ name: "call", kind: "server", parent: remote });
    assert.equal(context.traceId, remote.traceId);
    assert.notEqual(context.spanId, remote.spanId);
  });

  it("passes on unchanged a trace that other processes record", () => {
    const parent = { ...remote, sampled: true };
    assert.deepEqual(silentTracer().start({ name: "call", kind: "server", parent }).context, parent);
  });

  it("prints its context as data", () => {
    const { context } = silentTracer().start({ name: "call", kind: "server", parent: remote });
    assert.deepEqual(JSON.parse(JSON.stringify(context)), {
      traceId: remote.traceId,
      spanId: context.spanId,
      sampled: false,
    });
  });

  it("creates no id of only zeros, even if the random source returns only zeros", () => {
    const { context } = silentTracer({ random: () => 0, fill: (target) => target.fill(0) }).start({
      name: "x",
      kind: "internal",
    });
    assert.match(context.traceId, traceIdForm);
    assert.match(context.spanId, spanIdForm);
  });

  it("creates no id twice across many pools of random bytes", () => {
    const tracer = silentTracer();
    const ids = Array.from(
      { length: 2000 },
      () => tracer.start({ name: "x", kind: "internal" }).context.traceId,
    );
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe("a tracer that records", () => {
  it("a span ends with its name, kind, parent, times and attributes", () => {
    const { time, tracer, spans } = recording();
    const parent = tracer.start({ name: "parent", kind: "server" });
    time.advance(10);
    const startMs = time.now();
    const span = tracer.start({
      name: "call",
      kind: "client",
      parent: parent.context,
      attributes: { method: "get" },
    });
    span.set({ attempt: 2, cached: true });
    time.advance(2.5);
    span.end();
    assert.equal(spans.length, 1);
    const [found] = spans;
    assert.deepEqual(found, {
      name: "call",
      kind: "client",
      context: span.context,
      parent: parent.context,
      startMs,
      endMs: startMs + 2.5,
      attributes: { method: "get", attempt: 2, cached: true },
      links: [],
      error: undefined,
    });
    assert.equal(found?.context.traceId, parent.context.traceId);
    assert.equal(found?.context.sampled, true);
  });

  it("a failed span carries the error", () => {
    const { tracer, spans } = recording();
    const error = new TuttiError({
      code: "mesh.no_instance",
      status: "UNAVAILABLE",
      message: "nobody there",
    });
    tracer.start({ name: "call", kind: "client" }).end(error);
    assert.equal(spans[0]?.error?.code, "mesh.no_instance");
    assert.equal(spans[0]?.error?.message, "nobody there");
  });

  it("a span ends once, and accepts no attributes afterwards", () => {
    const { tracer, spans } = recording();
    const span = tracer.start({ name: "call", kind: "client" });
    span.end();
    span.set({ late: true });
    span.end(new Error("late"));
    assert.equal(spans.length, 1);
    assert.deepEqual(spans[0]?.attributes, {});
    assert.equal(spans[0]?.error, undefined);
  });

  it("attributes are bounded in number and length, and secrets are redacted", () => {
    const { tracer, spans } = recording();
    const span = tracer.start({
      name: "call",
      kind: "client",
      attributes: { accessToken: "abc", long: "x".repeat(5000) },
    });
    for (let index = 0; index < 500; index += 1) span.set({ [`key${index}`]: index });
    span.end();
    const attributes = spans[0]?.attributes ?? {};
    assert.equal(attributes["accessToken"], "[redacted]");
    assert.equal(String(attributes["long"]).length, 1025);
    assert.equal(Object.keys(attributes).length, 128);
  });

  it("the recorded share of new traces matches the configured share", () => {
    const { tracer, spans } = recording(0.25);
    for (let count = 0; count < 4000; count += 1) tracer.start({ name: "call", kind: "client" }).end();
    assert.ok(spans.length > 850 && spans.length < 1150, `${spans.length} of 4000`);
  });

  it("follows the flag of an existing trace, not the share", () => {
    const { tracer, spans } = recording(1);
    tracer.start({ name: "call", kind: "server", parent: remote }).end();
    assert.equal(spans.length, 0);
    const zeroShare = recording(0);
    zeroShare.tracer.start({ name: "call", kind: "server", parent: { ...remote, sampled: true } }).end();
    assert.equal(zeroShare.spans.length, 1);
  });

  it("a child of a span without recording is not recorded", () => {
    const { tracer, spans } = recording(0);
    const root = tracer.start({ name: "root", kind: "server" });
    tracer.start({ name: "child", kind: "client", parent: root.context }).end();
    root.end();
    assert.equal(spans.length, 0);
  });

  it("follows a change of the wall clock, and no span ends before its start", () => {
    const { time, tracer, spans } = recording();
    const span = tracer.start({ name: "call", kind: "client" });
    time.jumpWallClock(-60_000);
    time.advance(5);
    span.end();
    tracer.start({ name: "next", kind: "client" }).end();
    assert.equal(spans[0]?.endMs, spans[0]?.startMs);
    assert.equal(spans[1]?.startMs, time.now());
  });

  it("stops recording on request, even in the middle of a trace", () => {
    const { tracer, spans } = recording();
    const root = tracer.start({ name: "root", kind: "server" });
    tracer.stopRecording();
    assert.deepEqual(
      tracer.start({ name: "child", kind: "client", parent: root.context }).context,
      root.context,
    );
    root.end();
    assert.equal(spans.length, 1);
  });
});
