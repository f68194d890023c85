import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemFoundation } from "../orchestrator/foundation.ts";
import { seededChance, VirtualTime } from "../testing/index.ts";
import { lineLogger } from "./line-logger.ts";
import { plainTracer } from "./plain-tracer.ts";
import { sleep, systemTimers } from "./timers.ts";

describe("lineLogger", () => {
  const written = (level?: "debug") => {
    const lines: string[] = [];
    const clock = new VirtualTime(0);
    const write = (line: string) => void lines.push(line);
    const logger = lineLogger(level === undefined ? { clock, write } : { clock, level, write });
    return { logger, lines, parsed: () => lines.map((line): unknown => JSON.parse(line)) };
  };

  it("writes no secrets, by their key or by their form", () => {
    const { logger, lines } = written();
    const error = new Error("no answer from nats://app:hunter2@db:4222");
    logger.info("signed in", {
      user: "app",
      password: "hunter2",
      headers: { authorization: "hunter2" },
      error,
    });
    assert.doesNotMatch(lines.join(), /hunter2/);
    assert.match(lines.join(), /"user":"app"/);
  });

  it("writes one JSON object per line, with the fields of its parents", () => {
    const { logger, parsed } = written();
    logger.child({ orchestrator: "billing" }).info("started", { tookMs: 3, count: 5n });
    assert.deepEqual(parsed(), [
      {
        time: "1970-01-01T00:00:00.000Z",
        level: "info",
        message: "started",
        orchestrator: "billing",
        tookMs: 3,
        count: "5",
      },
    ]);
  });

  it("writes text for a person: reason, remedy, details, no secret", () => {
    const lines: string[] = [];
    const clock = new VirtualTime(0);
    const logger = lineLogger({ clock, form: "text", write: (line) => void lines.push(line) });
    const [reason, remedy] = ["The connection was refused", "Start the platform."];
    logger.warn("no link, retrying", { reason, remedy, pauseMs: 72, token: "hunter2", link: "" });
    logger.info("linked", {
      agent: { id: "a" },
      error: Object.assign(new Error("gone"), { stack: undefined }),
    });
    const time = new Date(0).toTimeString().slice(0, 8);
    assert.deepEqual(lines, [
      `${time} warn  no link, retrying: ${reason}. ${remedy} (pauseMs 72, token [redacted])`,
      `${time} info  linked (agent {"id":"a"}, error gone)`,
    ]);
  });

  it("writes the stack of an error for people, without the frames of libraries", () => {
    const lines: string[] = [];
    const logger = lineLogger({
      clock: new VirtualTime(0),
      form: "text",
      write: (line) => void lines.push(line),
    });
    const frames = [
      "at price (file:///shop/price.ts:3:49)",
      "at /shop/node_modules/express/index.js:1:1",
      "at AsyncLocalStorage.run (node:internal/async_local_storage:65:14)",
      "at file:///shop/order.ts:9:2",
      "at callHandler (file:///tutti/own-frames.ts:1:1)",
      "at main (file:///shop/main.ts:1:1)",
    ].map((frame) => `    ${frame}\n`);
    const error = Object.assign(new TypeError("no price"), {
      stack: `TypeError: no price\n${frames.join("")}`,
    });
    logger.warn("attempt failed", { error });
    assert.deepEqual(lines[0]?.split("\n").slice(1), [
      "    at price (/shop/price.ts:3:49)",
      "    at /shop/order.ts:9:2",
    ]);
  });

  it("omits lines below its level, and reports whether a level is enabled", () => {
    const { logger, lines } = written();
    logger.debug("detail");
    assert.deepEqual([lines.length, logger.enabled("debug"), logger.enabled("info")], [0, false, true]);
    const fine = written("debug");
    fine.logger.debug("detail");
    assert.equal(fine.lines.length, 1);
  });

  it("writes an error with its causes", () => {
    const { logger, lines } = written();
    logger.error("failed", { error: new Error("outer", { cause: new TypeError("inner") }) });
    const line = lines[0] ?? "";
    assert.match(line, /"message":"outer"/);
    assert.match(line, /"cause":\{"name":"TypeError","message":"inner"/);
  });

  it("writes a line also for fields that cannot be printed", () => {
    const { logger, lines } = written();
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    logger.info("odd", { circle });
    assert.match(lines[0] ?? "", /"message":"odd","unprintable":"TypeError/);
  });
});

describe("plainTracer", () => {
  it("creates distinct ids of the correct form, and passes the trace on", () => {
    const tracer = plainTracer(seededChance(3));
    const seen = new Set<string>();
    for (let count = 0; count < 500; count++) {
      const { context } = tracer.start({ name: "call", kind: "client" });
      assert.match(context.traceId, /^[0-9a-f]{32}$/);
      assert.match(context.spanId, /^[0-9a-f]{16}$/);
      seen.add(context.traceId).add(context.spanId);
    }
    assert.equal(seen.size, 1_000);
    const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
    const child = tracer.start({ name: "serve", kind: "server", parent });
    child.set({ items: 1 });
    child.end();
    assert.equal(child.context.traceId, parent.traceId);
    assert.equal(child.context.sampled, true);
    assert.notEqual(child.context.spanId, parent.spanId);
  });
});

describe("system timers", () => {
  it("do not fire at once if the delay exceeds the maximum of Node", async () => {
    const timer = systemTimers.after(2 ** 40, () => assert.fail("fired"));
    await new Promise((resolve) => setImmediate(resolve));
    timer.cancel();
  });

  it("refuse a period that Node would treat as one millisecond", () => {
    assert.throws(
      () => systemTimers.every(2 ** 31, () => {}),
      /expected a period above 0 and up to 2147483647 ms/,
    );
    assert.throws(() => systemTimers.every(Number.NaN, () => {}), RangeError);
  });

  it("sleep ends early with the reason of its signal", async () => {
    const controller = new AbortController();
    const reason = new Error("woken");
    const sleeping = sleep(systemTimers, 60_000, controller.signal);
    controller.abort(reason);
    await assert.rejects(sleeping, reason);
    await assert.rejects(sleep(systemTimers, 60_000, controller.signal), reason);
  });
});

describe("systemFoundation", () => {
  it("is complete by default, and uses the given parts", () => {
    const clock = new VirtualTime(5);
    const foundation = systemFoundation({ clock });
    assert.equal(foundation.clock, clock);
    assert.ok(systemFoundation().clock.now() > 0);
    assert.match(foundation.tracer.start({ name: "call", kind: "client" }).context.traceId, /^[0-9a-f]{32}$/);
  });
});
