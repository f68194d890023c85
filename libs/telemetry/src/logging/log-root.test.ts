import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogLevel } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { logLines } from "../testing/log-lines.ts";
import { LogRoot } from "./log-root.ts";

function setUp(level: LogLevel = "info") {
  const time = new VirtualTime();
  const stream = logLines();
  const root = new LogRoot({ clock: time, level, stream, base: { service: "registry", instance: "ins_1" } });
  return { time, stream, root, logger: root.logger };
}

describe("the log", () => {
  it("is one JSON object per line: time, level, service, instance, message, fields", () => {
    const { stream, logger, time } = setUp();
    logger.info("lease taken", { place: "workflow/partition/7", epoch: 3 });
    assert.ok(stream.raw[0]?.endsWith("}\n"));
    assert.deepEqual(stream.parsed(), [
      {
        level: "info",
        time: new Date(time.now()).toISOString(),
        service: "registry",
        instance: "ins_1",
        place: "workflow/partition/7",
        epoch: 3,
        msg: "lease taken",
      },
    ]);
  });

  it("has every level under its name", () => {
    const { stream, logger } = setUp("trace");
    const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
    for (const level of levels) logger[level]("a line");
    assert.deepEqual(
      stream.parsed().map((line) => line["level"]),
      levels,
    );
  });

  it("omits lines below its level, and reports whether a level is enabled", () => {
    const { stream, logger } = setUp("warn");
    logger.info("not this");
    logger.warn("this");
    assert.equal(logger.enabled("info"), false);
    assert.equal(logger.enabled("warn"), true);
    assert.equal(stream.raw.length, 1);
  });

  it("a change of the level takes effect at once, also in existing children", () => {
    const { stream, logger, root } = setUp("info");
    const child = logger.child({ component: "store" });
    child.debug("not this");
    root.setLevel("debug");
    child.debug("this");
    root.setLevel("error");
    child.warn("nor this");
    assert.deepEqual(
      stream.parsed().map((line) => line["msg"]),
      ["this"],
    );
  });

  it("children carry the fields of all parents, the nearest value wins, and no key occurs twice", () => {
    const { stream, logger } = setUp();
    const child = logger.child({ namespace: "a", traceId: "t1" }).child({ namespace: "b" });
    child.info("first");
    child.info("second", { namespace: "c" });
    const [first, second] = stream.parsed();
    assert.equal(first?.["namespace"], "b");
    assert.equal(first?.["traceId"], "t1");
    assert.equal(second?.["namespace"], "c");
    for (const line of stream.raw) assert.equal(line.match(/"namespace"/g)?.length, 1);
  });

  it("a child may write in another service's name, a line's own field may not", () => {
    const { stream, logger } = setUp();
    logger.child({ service: "workflow" }).info("started", { service: "stock", instance: "ins_9", time: 5 });
    const [line] = stream.parsed();
    assert.equal(line?.["service"], "workflow");
    assert.equal(line?.["service_"], "stock");
    assert.equal(line?.["instance"], "ins_1");
    assert.equal(line?.["instance_"], "ins_9");
    assert.equal(line?.["time_"], 5);
  });

  it("a trace context is written as its ids, which are read for the first line", () => {
    const { stream, logger } = setUp();
    let calls = 0;
    const trace = {
      get traceId() {
        calls += 1;
        return "t1";
      },
      spanId: "s1",
      sampled: false,
    };
    const child = logger.child({ trace, namespace: "a" });
    assert.equal(calls, 0);
    child.info("first");
    child.info("second");
    assert.equal(calls, 1);
    const { traceId, spanId, namespace, trace: left } = stream.parsed()[1] ?? {};
    assert.deepEqual(
      { traceId, spanId, namespace, left },
      { traceId: "t1", spanId: "s1", namespace: "a", left: undefined },
    );
  });

  it("a field called trace that is not a trace context is a field", () => {
    const { stream, logger } = setUp();
    logger.info("read", { trace: "off" });
    assert.equal(stream.parsed()[0]?.["trace"], "off");
  });

  it("errors are printed with code, causes and stack", () => {
    const { stream, logger } = setUp();
    logger.error("append failed", { error: new Error("no space", { cause: new Error("ENOSPC") }) });
    const error = stream.parsed()[0]?.["error"];
    assert.ok(typeof error === "object" && error !== null && "cause" in error && "stack" in error);
  });

  it("errors at info have no stack, because the first stack stops the process for up to 0.1 s", () => {
    const { stream, logger } = setUp();
    const error = new Error("refused", { cause: new Error("no name") });
    let calls = 0;
    Object.defineProperty(error, "stack", { get: () => `at ${++calls}` });
    logger.info("request refused", { error });
    assert.deepEqual(stream.parsed()[0]?.["error"], {
      type: "Error",
      message: "refused",
      cause: { type: "Error", message: "no name" },
    });
    assert.equal(calls, 0);
  });

  it("secrets are removed from lines and from the fields of children", () => {
    const { stream, logger } = setUp();
    logger.child({ token: "abc" }).info("connected", { url: "nats://u:p@h", password: "pw" });
    assert.ok(!/abc|u:p|pw"/.test(stream.raw[0] ?? ""), stream.raw[0]);
  });

  it("a stream that throws does not throw at the caller that logs", () => {
    const root = new LogRoot({
      clock: new VirtualTime(),
      level: "info",
      base: {},
      stream: {
        write() {
          throw new Error("EPIPE");
        },
      },
    });
    root.logger.info("nobody hears this");
  });

  it("a message with percent signs or line breaks is written unchanged", () => {
    const { stream, logger } = setUp();
    logger.info('100 %s of "it"\n', { done: true });
    assert.equal(stream.parsed()[0]?.["msg"], '100 %s of "it"\n');
    assert.equal(stream.raw[0]?.indexOf("\n"), (stream.raw[0]?.length ?? 0) - 1);
  });
});
