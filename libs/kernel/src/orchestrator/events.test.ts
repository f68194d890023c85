import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "../testing/index.ts";
import { Emitter } from "./events.ts";

interface Events {
  readonly counted: number;
  readonly renamed: { readonly to: string };
}

function emitting() {
  const failures: string[] = [];
  const received: (number | string)[] = [];
  const emitter = new Emitter<Events>((event, error) => failures.push(`${event}: ${error}`));
  return { emitter, failures, received: received };
}

describe("Emitter", () => {
  it("calls listeners in the order of subscription, each for its event", () => {
    const { emitter, received } = emitting();
    emitter.on("counted", (count) => received.push(count));
    emitter.on("counted", (count) => received.push(count * 10));
    emitter.on("renamed", ({ to }) => received.push(to));
    emitter.emit("counted", 1);
    emitter.emit("renamed", { to: "b" });
    assert.deepEqual(received, [1, 10, "b"]);
  });

  it("stops calling a removed listener, by its handle or by the listener itself", () => {
    const { emitter, received } = emitting();
    const listener = (count: number) => received.push(count);
    const off = emitter.on("counted", listener);
    emitter.on("counted", listener);
    emitter.emit("counted", 1);
    off();
    off();
    emitter.emit("counted", 2);
    emitter.off("counted", listener);
    emitter.emit("counted", 3);
    assert.deepEqual(received, [1, 1, 2]);
    assert.equal(emitter.listenerCount("counted"), 0);
  });

  it("calls a listener of `once` once, also if another listener emits the event again", () => {
    const { emitter, received } = emitting();
    emitter.on("counted", (count) => {
      if (count < 3) emitter.emit("counted", count + 1);
    });
    emitter.once("counted", (count) => received.push(count));
    emitter.emit("counted", 1);
    assert.deepEqual(received, [3]);
  });

  it("calls the listeners that had subscribed when it started, except those removed since", () => {
    const { emitter, received } = emitting();
    emitter.once("counted", () => {
      unsubscribe();
      emitter.on("counted", () => received.push("new"));
    });
    const unsubscribe = emitter.on("counted", () => received.push("left"));
    emitter.on("counted", () => received.push("stays"));
    emitter.emit("counted", 1);
    assert.deepEqual(received, ["stays"]);
  });

  it("continues after a listener that throws or rejects, and reports the error", async () => {
    const { emitter, received, failures } = emitting();
    emitter.on("counted", () => {
      throw new Error("broken");
    });
    emitter.on("counted", async () => Promise.reject(new Error("later")));
    emitter.on("counted", (count) => received.push(count));
    emitter.emit("counted", 1);
    assert.deepEqual(received, [1]);
    await new VirtualTime().flush();
    assert.deepEqual(failures.sort(), ["counted: Error: broken", "counted: Error: later"]);
  });
});
