import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notOwner, type Status, TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { meshErrors } from "../errors.ts";
import { MemoryOwnership } from "../routing/memory-ownership.ts";
import { resolveMeshSettings } from "../settings.ts";
import { clientCall } from "../testing/calls.ts";
import { Breaker, BreakerClock, type BreakerState, isInstanceFailure } from "./breaker.ts";

const call = clientCall("get");

function failure(status: Status): TuttiError {
  return new TuttiError({ code: "test.failed", status, message: status });
}

function breakerAt(time: VirtualTime, settings: Parameters<typeof resolveMeshSettings>[0] = {}) {
  const states: BreakerState[] = [];
  const clock = new BreakerClock(resolveMeshSettings(settings).breaker, time);
  const breaker = new Breaker(clock, (state) => states.push(state));
  const send = async (outcome: Status | "OK") => {
    const work = breaker.send(async () => {
      if (outcome !== "OK") throw failure(outcome);
    }, call);
    await work.catch(() => {});
  };
  const times = async (count: number, outcome: Status | "OK") => {
    for (let index = 0; index < count; index++) await send(outcome);
  };
  return { breaker, clock, states, times };
}

describe("a breaker", () => {
  it("opens when the share of failures is reached, not before there were enough calls", async () => {
    const { breaker, states, times } = breakerAt(new VirtualTime(), {
      breaker: { volume: 10, failureShare: 0.5 },
    });
    await times(9, "UNAVAILABLE");
    assert.equal(breaker.state, "closed");
    await times(1, "UNAVAILABLE");
    assert.equal(breaker.state, "open");
    assert.equal(breaker.admits, false);
    assert.equal(breaker.reason, "UNAVAILABLE");
    assert.deepEqual(states, ["open"]);
    breaker.stop();
  });

  it("opens after enough consecutive failures, regardless of earlier successes", async () => {
    const { breaker, times } = breakerAt(new VirtualTime(), { breaker: { volume: 10, failureShare: 0.5 } });
    await times(5_000, "OK");
    await times(9, "INTERNAL");
    await times(1, "NOT_FOUND");
    await times(9, "INTERNAL");
    assert.equal(breaker.state, "closed");
    await times(1, "INTERNAL");
    assert.equal(breaker.state, "open");
    breaker.stop();
  });

  it("stays closed while calls about its partitions wait there until their deadline", async () => {
    const { breaker } = breakerAt(new VirtualTime(), { breaker: { volume: 10, failureShare: 0.5 } });
    const place = new MemoryOwnership({ partitions: 1 }).placeOf({
      ...{ service: "notes", namespace: "default", kind: "note", id: "k1" },
    });
    const send = (status: Status, sent: { readonly place?: typeof place; readonly stopped: undefined }) =>
      breaker.send(() => Promise.reject(failure(status)), sent).catch(() => {});
    for (let calls = 0; calls < 50; calls++) await send("DEADLINE_EXCEEDED", { place, stopped: undefined });
    assert.equal(breaker.state, "closed");
    for (let calls = 0; calls < 10; calls++) await send("UNAVAILABLE", { place, stopped: undefined });
    assert.equal(breaker.state, "open");
    breaker.stop();
  });

  it("stays closed below the failure share", async () => {
    const { breaker, times } = breakerAt(new VirtualTime(), { breaker: { volume: 10, failureShare: 0.5 } });
    for (let round = 0; round < 50; round++) {
      await times(2, "OK");
      await times(1, "INTERNAL");
    }
    assert.equal(breaker.state, "closed");
    breaker.stop();
  });

  it("does not count rejections by an instance", async () => {
    const { breaker, times } = breakerAt(new VirtualTime());
    for (const status of [
      "INVALID_ARGUMENT",
      "NOT_FOUND",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
    ] as const) {
      await times(50, status);
    }
    assert.equal(breaker.state, "closed");
    breaker.stop();
  });

  it("admits one probe after a pause, and closes if it succeeds", async () => {
    const time = new VirtualTime();
    const { breaker, states, times } = breakerAt(time, { breaker: { volume: 5, openMs: 5_000 } });
    await times(5, "UNAVAILABLE");
    time.advance(4_999);
    assert.equal(breaker.admits, false);
    time.advance(1);
    assert.equal(breaker.state, "half-open");
    assert.equal(breaker.admits, true);
    let finish = () => {};
    const probe = breaker.send(() => new Promise<void>((resolve) => (finish = resolve)), call);
    assert.equal(breaker.admits, false, "one probe at a time");
    finish();
    await probe;
    assert.deepEqual(states, ["open", "half-open", "closed"]);
    assert.equal(breaker.admits, true);
    breaker.stop();
  });

  it("opens again when the probe fails", async () => {
    const time = new VirtualTime();
    const { breaker, states, times } = breakerAt(time, { breaker: { volume: 5, openMs: 1_000 } });
    await times(5, "UNAVAILABLE");
    time.advance(1_000);
    await times(1, "UNAVAILABLE");
    assert.deepEqual(states, ["open", "half-open", "open"]);
    time.advance(1_000);
    await times(1, "OK");
    assert.equal(breaker.state, "closed");
    breaker.stop();
  });

  it("admits another probe while one has no outcome, and closes if either succeeds", async () => {
    for (const first of [true, false]) {
      const time = new VirtualTime();
      const { breaker, states, times } = breakerAt(time, { breaker: { volume: 5, openMs: 5_000 } });
      await times(5, "UNAVAILABLE");
      time.advance(5_000);
      let finish = () => {};
      const hanging = breaker.send(() => new Promise<void>((resolve) => (finish = resolve)), call);
      assert.equal(breaker.admits, false);
      time.advance(1_000);
      assert.equal(breaker.admits, true, "another one may");
      if (first) finish();
      else await times(1, "OK");
      await Promise.race([hanging, breaker.state === "closed"]);
      assert.deepEqual(states, ["open", "half-open", "closed"]);
      finish();
      await hanging;
      assert.equal(breaker.state, "closed");
      breaker.stop();
      assert.equal(time.pending, 1, "the clock of the windows");
    }
  });

  it("stays half-open for the next probe if one waited for a partition until its deadline", async () => {
    const time = new VirtualTime();
    const { breaker, states, times } = breakerAt(time, { breaker: { volume: 5 } });
    const place = new MemoryOwnership({ partitions: 1 }).placeOf({
      ...{ service: "notes", namespace: "default", kind: "note", id: "k1" },
    });
    await times(5, "UNAVAILABLE");
    time.advance(5_000);
    for (const status of ["DEADLINE_EXCEEDED", "CANCELLED"] as const) {
      const sent = { place, stopped: failure(status) };
      await breaker.send(() => Promise.reject(failure(status)), sent).catch(() => {});
      assert.equal(breaker.admits, true);
    }
    await times(1, "OK");
    assert.deepEqual(states, ["open", "half-open", "closed"]);
    breaker.stop();
  });

  it("forgets failures outside of the window", async () => {
    const time = new VirtualTime();
    const { breaker, clock, times } = breakerAt(time, { breaker: { volume: 10, windowMs: 10_000 } });
    await times(9, "UNAVAILABLE");
    await times(1, "OK");
    time.advance(11_000);
    await times(5, "UNAVAILABLE");
    assert.equal(breaker.state, "closed");
    breaker.stop();
    clock.stop();
    assert.equal(time.pending, 0);
  });
});

describe("errors that count as a failure of the instance", () => {
  const table: readonly (readonly [string, TuttiError, boolean])[] = [
    ["UNAVAILABLE", failure("UNAVAILABLE"), true],
    ["DEADLINE_EXCEEDED", failure("DEADLINE_EXCEEDED"), true],
    ["INTERNAL", failure("INTERNAL"), true],
    ["UNKNOWN", failure("UNKNOWN"), true],
    ["CANCELLED", failure("CANCELLED"), false],
    ["ABORTED", failure("ABORTED"), false],
    ["a draining instance", meshErrors.draining({ rpc: "x" }), false],
    ["not being the owner", notOwner("p", undefined), false],
    ["too much load", meshErrors.overloaded({ rpc: "x", limit: 1, setting: "s" }), false],
  ];
  for (const [title, error, expected] of table) {
    it(`${title}: ${expected}`, () => assert.equal(isInstanceFailure(error), expected));
  }
});
