import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { meshErrors } from "../errors.ts";
import type { ServerCall } from "../server/server-call.ts";
import { OpenStreams } from "./open-streams.ts";

const denied = () =>
  meshErrors.denied({
    ...{ principal: "person ada", action: "a.b", resource: "b", namespace: "shop" },
    reason: "nothing permits it",
  });

/** The part of a call that is read here. */
class Stream {
  over = false;
  reason: TuttiError | undefined;

  stop(reason: TuttiError): void {
    this.over = true;
    this.reason = reason;
  }

  get asCall(): ServerCall {
    return this as unknown as ServerCall;
  }
}

describe("open streams", () => {
  function watched() {
    const time = new VirtualTime();
    let notify = () => {};
    const open = new OpenStreams({ onRulesChanged: (listener) => (notify = listener) }, time);
    return { time, open, change: () => notify() };
  }

  it("end with the reason if they are no longer allowed, and others continue", async () => {
    const { time, open, change } = watched();
    const [allowed, lost, removed] = [new Stream(), new Stream(), new Stream()];
    open.add(allowed.asCall, () => undefined);
    for (const stream of [lost, removed])
      open.add(stream.asCall, () => {
        throw denied();
      });
    open.delete(removed.asCall);
    assert.equal(lost.over, false);
    change();
    await time.advanceAsync(1);
    assert.deepEqual([allowed.over, lost.reason?.code, removed.over], [false, "mesh.denied", false]);
  });

  it("are all checked against the latest rules, also in large numbers", async () => {
    const { time, open, change } = watched();
    let isClosed = false;
    const streams = Array.from({ length: 1_000 }, () => new Stream());
    for (const stream of streams)
      open.add(stream.asCall, async () => {
        if (isClosed) throw denied();
      });
    change();
    // Some of them were checked by then, and allowed.
    isClosed = true;
    change();
    await time.advanceAsync(100);
    assert.equal(streams.filter(({ over }) => over).length, 1_000);
  });
});
