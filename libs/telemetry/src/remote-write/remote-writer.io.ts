import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { recordingLogger, until, VirtualTime } from "@tutti/kernel/testing";
import { expose } from "../metrics/exposition.ts";
import { MetricsRegistry } from "../metrics/registry.ts";
import { sampleOf } from "../testing/exposition-parser.ts";
import { type ReceivedSample, writeReceiver } from "../testing/write-receiver.ts";
import { RemoteWriter, type RemoteWriterOptions } from "./remote-writer.ts";

const never = new AbortController().signal;
const intervalMs = 10_000;

async function setUp(t: TestContext, options: Partial<RemoteWriterOptions> = {}) {
  const receiver = await writeReceiver();
  t.after(() => receiver[Symbol.asyncDispose]());
  const time = new VirtualTime();
  time.advance(intervalMs - (time.now() % intervalMs) + 3_700);
  const logger = recordingLogger();
  const registry = new MetricsRegistry({ logger });
  const writer = new RemoteWriter({
    ...{ url: receiver.url, intervalMs, queueMaxBytes: 65_536, timeoutMs: 5_000 },
    headers: async () => ({ authorization: "Bearer a-test" }),
    ...{ labels: { job: "tutti" }, processName: () => "swarm 10.0.0.1:7401", registry, logger },
    ...{ clock: time, timers: time, chance: { random: () => 1 } },
    ...options,
  });
  t.after(() => writer.stop(AbortSignal.abort()));
  const count = (name: string, labels?: Record<string, string>) =>
    sampleOf(expose(registry.families()), name, labels);
  const samples = (outcome: string) => count("tutti_telemetry_remote_write_samples_total", { outcome });
  return { receiver, time, logger, registry, writer, count, samples };
}

const textOf = ({ labels, value }: ReceivedSample): string => {
  const own = labels.filter(([label]) => !["__name__", "instance", "job"].includes(label));
  const [, name = ""] = labels.find(([label]) => label === "__name__") ?? [];
  return `${name}${own.length === 0 ? "" : JSON.stringify(Object.fromEntries(own))} ${value}`;
};
const orders = (value: number, timeMs: number) => [
  { name: "orders_total", labels: {}, samples: [{ timeMs, value }] },
];

describe("remote write", () => {
  it("sends the values of a scrape, at multiples of the interval", async (t) => {
    const { receiver, time, registry, writer } = await setUp(t);
    registry
      .counter({ name: "tutti_calls_total", help: "Calls.", labels: ["method"] })
      .with({ method: "get" })
      .add(3);
    registry.gauge({ name: "tutti_load_ratio", help: "Load." }).with({}).set(0.5);
    const durations = registry
      .histogram({ name: "tutti_call_seconds", help: "Time.", buckets: [0.5, 1] })
      .with({});
    for (const seconds of [0.25, 0.75, 9]) durations.observe(seconds);
    const dueMs = time.now() + intervalMs - 3_700;
    time.advance(intervalMs - 3_700 + 40);
    await writer.flush();
    const [request = []] = receiver.requests;
    assert.deepEqual(
      request.map(textOf).filter((text) => !text.startsWith("tutti_telemetry_")),
      [
        'tutti_call_seconds_bucket{"le":"0.5"} 1',
        'tutti_call_seconds_bucket{"le":"1.0"} 2',
        'tutti_call_seconds_bucket{"le":"+Inf"} 3',
        "tutti_call_seconds_sum 10",
        "tutti_call_seconds_count 3",
        'tutti_calls_total{"method":"get"} 3',
        "tutti_load_ratio 0.5",
      ],
    );
    assert.deepEqual([...new Set(request.map(({ timeMs }) => timeMs))], [dueMs]);
    const calls = request.find(({ labels }) => labels.some(([, value]) => value === "tutti_calls_total"));
    assert.deepEqual(calls?.labels, [
      ["__name__", "tutti_calls_total"],
      ["instance", "swarm 10.0.0.1:7401"],
      ["job", "tutti"],
      ["method", "get"],
    ]);
    const [headers] = receiver.headers;
    assert.deepEqual(
      [headers?.["content-encoding"], headers?.["x-prometheus-remote-write-version"], headers?.authorization],
      ["snappy", "0.1.0", "Bearer a-test"],
    );
  });

  it("retries a failed request before later requests, and reports its lag", async (t) => {
    const { receiver, time, writer, logger, count, samples } = await setUp(t);
    receiver.answer = { status: 503, body: "not now" };
    const failed = receiver.nextRequest();
    writer.add(orders(1, time.now()));
    await failed;
    writer.add(orders(2, time.now() + 1));
    await until("the request to fail", () => writer.problem !== "");
    await time.advanceAsync(100);
    assert.equal(writer.problem, "status 503: not now");
    assert.equal(count("tutti_telemetry_remote_write_lag_seconds"), 0.1);
    receiver.answer = { status: 204 };
    await time.advanceAsync(200);
    await writer.flush();
    assert.deepEqual(
      receiver.requests.map((request) => request.map(({ value }) => value)),
      [[1], [2]],
    );
    assert.deepEqual(
      [writer.problem, samples("sent"), count("tutti_telemetry_remote_write_lag_seconds")],
      ["", 2, 0],
    );
    assert.equal(count("tutti_telemetry_remote_write_retries_total"), 1);
    assert.deepEqual([logger.messages("warn").length, logger.messages("info").length], [1, 1]);
  });

  it("waits as long as the server requests", async (t) => {
    const { receiver, time, writer } = await setUp(t, { intervalMs: 300_000 });
    receiver.answer = { status: 429, headers: { "retry-after": "7" } };
    const failed = receiver.nextRequest();
    writer.add(orders(1, time.now()));
    await failed;
    await until("the request to fail", () => writer.problem !== "");
    receiver.answer = { status: 204 };
    await time.advanceAsync(6_000);
    assert.equal(receiver.headers.length, 1);
    await time.advanceAsync(1_000);
    await writer.flush();
    assert.equal(receiver.requests.length, 1);
  });

  it("drops a request that the server rejects permanently, and continues with the next", async (t) => {
    const { receiver, time, writer, samples } = await setUp(t);
    receiver.answer = { status: 400, body: "out of order sample" };
    writer.add(orders(1, time.now()));
    await writer.flush();
    receiver.answer = { status: 204 };
    writer.add(orders(2, time.now()));
    await writer.flush();
    assert.deepEqual([samples("rejected"), samples("sent")], [1, 1]);
  });

  it("limits its queue while the server is unreachable: the oldest samples are dropped and counted", async (t) => {
    const { receiver, time, writer, count, samples } = await setUp(t);
    receiver.answer = { status: 500 };
    // Numbers that do not compress.
    const noise = (at: number) =>
      Array.from({ length: 200 }, (_, series) => ({
        name: `orders_${series}`,
        labels: { noise: (Math.imul(at * 200 + series + 1, 0x9e3779b1) >>> 0).toString(36).repeat(2) },
        samples: [{ timeMs: time.now() + at, value: Math.sqrt(at * 200 + series) }],
      }));
    for (let at = 0; at < 100; at += 1) writer.add(noise(at));
    const bytes = count("tutti_telemetry_remote_write_queued_bytes") ?? 0;
    assert.ok(bytes > 40_000 && bytes <= 65_536, `${bytes}`);
    const dropped = samples("dropped") ?? 0;
    await until("the request to fail", () => writer.problem !== "");
    receiver.answer = { status: 204 };
    await time.advanceAsync(1_000);
    await writer.flush();
    assert.ok(dropped > 0);
    assert.equal((samples("dropped") ?? 0) + (samples("sent") ?? 0), 20_000);
    const [last] = receiver.requests.at(-1) ?? [];
    assert.equal(last?.value, Math.sqrt(99 * 200));
  });

  it("ends a request that hangs", async (t) => {
    const { receiver, time, writer } = await setUp(t);
    receiver.answer = undefined;
    const hanging = receiver.nextRequest();
    writer.add(orders(1, time.now()));
    await hanging;
    await time.advanceAsync(5_000);
    await until("the request to fail", () => writer.problem !== "");
    assert.equal(writer.problem, "no answer in 5 s");
  });

  it("sends the last values and staleness markers at a stop", async (t) => {
    const { receiver, registry, writer, time } = await setUp(t);
    registry.counter({ name: "tutti_calls_total", help: "Calls." }).with({}).add(3);
    await writer.stop(never);
    const own = receiver.requests.map((request) =>
      request.map(textOf).filter((text) => text.startsWith("tutti_calls")),
    );
    assert.deepEqual(own, [["tutti_calls_total 3"], ["tutti_calls_total NaN"]]);
    writer.add(orders(1, time.now()));
    await writer.flush();
    assert.deepEqual([receiver.requests.length, time.pending], [2, 0]);
  });

  it("does not wait at a stop for a server that is known to be away", async (t) => {
    const { receiver, writer, time } = await setUp(t);
    receiver.answer = { status: 500 };
    writer.add(orders(1, time.now()));
    await until("the request to fail", () => writer.problem !== "");
    await writer.stop(never);
    assert.deepEqual([receiver.requests.length, time.pending], [0, 0]);
  });
});
