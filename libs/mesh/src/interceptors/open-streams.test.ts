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
    let tell = () => {};
    const open = new OpenStreams({ onRulesChanged: (listener) => (tell = listener) }, time);
    return { time, open, change: () => tell() };
  }

  it("end where they would not be let in any more, with the reason, and others continue", async () => {
    const { time, open, change } = watched();
    const [kept, lost, left] = [new Stream(), new Stream(), new Stream()];
    open.add(kept.asCall, () => undefined);
    for (const stream of [lost, left])
      open.add(stream.asCall, () => {
        throw denied();
      });
    open.delete(left.asCall);
    assert.equal(lost.over, false);
    change();
    await time.advanceAsync(1);
    assert.deepEqual([kept.over, lost.reason?.code, left.over], [false, "mesh.denied", false]);
  });

  it("are all looked at by the rules that came last, however many there are", async () => {
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
