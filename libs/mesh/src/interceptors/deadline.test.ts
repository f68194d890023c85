import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Deadlines } from "../calls/deadlines.ts";
import type { Incoming } from "../server/server-call.ts";
import { serverCall } from "../testing/calls.ts";
import { serverDeadlineInterceptor } from "./deadline.ts";

const callMs = 5_000;

function served(name: Parameters<typeof serverCall>[0], incoming: Partial<Incoming>) {
  const time = new VirtualTime();
  const interceptor = serverDeadlineInterceptor(new Deadlines(time, time), callMs);
  return { time, ...serverCall(name, [interceptor], incoming) };
}

/** The handler of the call does not end. A bucket of deadlines may be late by a 64th. */
function assertStopped(name: Parameters<typeof serverCall>[0], incoming: Partial<Incoming>, afterMs: number) {
  const { time, call, chain } = served(name, incoming);
  chain.before(call);
  time.advance(afterMs - 1);
  assert.equal(call.over, false);
  time.advance(2 + afterMs / 64);
  assert.equal(call.stopped?.status, "DEADLINE_EXCEEDED");
}

function assertContinues(name: Parameters<typeof serverCall>[0], incoming: Partial<Incoming>) {
  const { time, call, chain } = served(name, incoming);
  chain.before(call);
  time.advance(4 * callMs);
  assert.equal(call.stopped, undefined);
}

describe("the deadline of a call at its server", () => {
  it("stops the call when the time of its caller is over", () => {
    assertStopped("get", { deadlineMs: 1_000 }, 1_000);
    assertStopped("talk", { deadlineMs: 1_000 }, 1_000);
  });

  it("is the server's default for a call without one, unless the call is a stream", () => {
    assertStopped("get", {}, callMs);
    assertContinues("talk", {});
  });

  it("is left to the caller's timer within a process", () => {
    assertContinues("get", { transport: "in-process", deadlineMs: 1_000 });
  });

  it("rejects a call that arrives after its deadline", () => {
    const { call, chain } = served("get", { deadlineMs: 0 });
    assert.throws(() => chain.before(call), { status: "DEADLINE_EXCEEDED" });
  });

  it("does not stop a call that has ended", () => {
    const { time, call, chain } = served("get", { deadlineMs: 1_000 });
    chain.before(call);
    chain.after(call, undefined);
    time.advance(2_000);
    assert.equal(call.stopped, undefined);
  });
});
