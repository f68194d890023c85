import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { type Logger, silentLogger } from "@tutti/kernel";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { durable } from "./durable.ts";
import { Registration } from "./register.ts";

const hosted = (name: string) => ({ fn: durable(name, async () => 1), version: undefined, percent: 100 });

/** A platform that accepts the functions of the test. */
function platform() {
  const accepted = new Set<string>();
  const requests: string[] = [];
  mock.method(globalThis, "fetch", async (_: string, { body }: { readonly body: string }) => {
    const { workflow } = JSON.parse(JSON.parse(body).text);
    requests.push(workflow);
    return accepted.has(workflow) ? new Response("{}") : new Response("the disk is full", { status: 429 });
  });
  return { accepted, requests };
}

function registrationOf(time: VirtualTime, ...names: readonly string[]) {
  return registrationWith(silentLogger, time, ...names);
}

function registrationWith(logger: Logger, time: VirtualTime, ...names: readonly string[]) {
  const settings = { server: "http://h:7400", namespace: "default", credentials: {} };
  const parts = { settings: settings as never, timers: time, logger };
  return new Registration(names.map(hosted) as never, parts);
}

describe("the registration of durable functions", () => {
  afterEach(() => mock.restoreAll());

  it("is repeated when the worker links, for the functions that are missing", async () => {
    const time = new VirtualTime();
    const { accepted, requests } = platform();
    accepted.add("early");
    const registration = registrationOf(time, "early", "late");
    await time.settle(registration.run());
    assert.deepEqual(requests, ["early", "late", "late", "late", "late", "late"]);
    accepted.add("late");
    await time.settle(registration.run());
    await registration.run();
    assert.equal(requests.length, 7);
    assert.equal(time.pending, 0);
  });

  it("is retried by a worker that stays linked, until the platform accepts it", async () => {
    const time = new VirtualTime();
    const { accepted, requests } = platform();
    const registration = registrationOf(time, "order");
    await time.settle(registration.run());
    accepted.add("order");
    await time.advanceAsync(30_000);
    assert.equal(requests.length, 6);
  });

  it("is no error while the platform starts, and is reported in the words of the platform", async () => {
    const problem = JSON.stringify({ title: "gateway: not ready", detail: "The process is starting." });
    for (const [status, level] of [
      [503, "info"],
      [429, "error"],
    ] as const) {
      mock.method(globalThis, "fetch", async () => new Response(problem, { status }));
      const [time, logger] = [new VirtualTime(), recordingLogger()];
      const registration = registrationWith(logger, time, "order");
      await time.settle(registration.run());
      registration.stop();
      assert.deepEqual(
        logger.lines.map((line) => [line.level, line.fields["problem"]]),
        [[level, `${status} The process is starting.`]],
      );
    }
  });

  it("ends with its worker", async () => {
    const time = new VirtualTime();
    const { requests } = platform();
    const registration = registrationOf(time, "order");
    await time.settle(registration.run());
    registration.stop();
    await time.advanceAsync(60_000);
    assert.equal(requests.length, 5);
  });
});
