import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { type Ending, Outflow } from "./outflow.ts";
import type { Pipe } from "./pipe.ts";

const frame = (text: string) => new TextEncoder().encode(text);
const textOf = (frames: readonly Uint8Array[]) => frames.map((each) => new TextDecoder().decode(each));

/** A pipe whose far end accepts the frames when the test says so. */
class ManualPipe implements Pipe {
  readonly heartbeat = frame("alive");
  readonly writes: string[][] = [];
  over: "end" | "cut" | undefined;
  #onAccepted: (() => void) | undefined;

  write(frames: readonly Uint8Array[], onAccepted: () => void): void {
    assert.equal(this.#onAccepted, undefined, "one write is under way at a time");
    this.writes.push(textOf(frames));
    this.#onAccepted = onAccepted;
  }

  end(): void {
    this.over = "end";
  }

  destroy(): void {
    this.over = "cut";
  }

  accept(): void {
    const onAccepted = this.#onAccepted;
    this.#onAccepted = undefined;
    onAccepted?.();
  }
}

function setUp(bytesMax = 10) {
  const time = new VirtualTime();
  const pipe = new ManualPipe();
  const endings: Ending[] = [];
  const outflow = new Outflow({
    ...{ pipe, bytesMax, heartbeatMs: 1_000, stallMs: 3_000 },
    now: () => time.monotonic(),
    onSent: () => undefined,
    onOver: (reason) => endings.push(reason),
  });
  return { time, pipe, endings, outflow };
}

describe("an outflow", () => {
  it("writes frames that are sent in one step together", async () => {
    const { outflow, pipe } = setUp();
    outflow.send(frame("a"));
    outflow.send(frame("b"));
    await Promise.resolve();
    assert.deepEqual(pipe.writes, [["a", "b"]]);
  });

  it("gathers messages during a write, and writes them after it", async () => {
    const { outflow, pipe } = setUp();
    outflow.send(frame("a"));
    await Promise.resolve();
    outflow.send(frame("b"));
    outflow.send(frame("c"));
    await Promise.resolve();
    assert.deepEqual(pipe.writes, [["a"]]);
    pipe.accept();
    assert.deepEqual(pipe.writes, [["a"], ["b", "c"]]);
  });

  it("writes no more than 64 KiB at a time, but a frame whole", async () => {
    const { outflow, pipe } = setUp(1_000_000);
    for (const letter of ["a", "b", "c"]) outflow.send(frame(letter.repeat(40_000)));
    outflow.send(frame("d".repeat(200_000)));
    for (let turn = 0; turn < 4; turn++) {
      await Promise.resolve();
      pipe.accept();
    }
    assert.deepEqual(
      pipe.writes.map((texts) => texts.map((text) => text.slice(0, 1)).join("")),
      ["a", "b", "c", "d"],
    );
  });

  it("has room until as much waits as may", async () => {
    const { outflow, pipe } = setUp(2);
    assert.equal(outflow.room(), undefined);
    outflow.send(frame("ab"));
    const room = outflow.room();
    assert.notEqual(room, undefined);
    await Promise.resolve();
    pipe.accept();
    await room;
    assert.equal(outflow.room(), undefined);
  });

  it("releases waiters for room when it is cut", async () => {
    const { outflow } = setUp(1);
    outflow.send(frame("ab"));
    const room = outflow.room();
    outflow.destroy("left");
    await room;
    assert.equal(outflow.room(), undefined);
  });

  it("sends a heartbeat after a silence, and only then", async () => {
    const { outflow, pipe, time } = setUp();
    time.advance(999);
    outflow.sweep();
    await Promise.resolve();
    assert.deepEqual(pipe.writes, []);
    time.advance(1);
    outflow.sweep();
    await Promise.resolve();
    assert.deepEqual(pipe.writes, [["alive"]]);
  });

  it("disconnects a reader that stalls, and drops the waiting messages", async () => {
    const { outflow, pipe, time, endings } = setUp();
    outflow.send(frame("a"));
    await Promise.resolve();
    outflow.send(frame("b"));
    time.advance(2_999);
    outflow.sweep();
    assert.equal(pipe.over, undefined);
    time.advance(1);
    outflow.sweep();
    assert.deepEqual([pipe.over, endings, outflow.bytes > 1], ["cut", ["stalled"], false]);
  });

  it("writes all frames sent before the end, and none after it", async () => {
    const { outflow, pipe, endings } = setUp();
    outflow.send(frame("a"));
    await Promise.resolve();
    outflow.send(frame("b"));
    outflow.end("closing");
    outflow.send(frame("late"));
    pipe.accept();
    assert.equal(pipe.over, undefined);
    pipe.accept();
    assert.deepEqual([pipe.writes, pipe.over, endings], [[["a"], ["b"]], "end", ["closing"]]);
    assert.equal(outflow.signal.aborted, true);
  });

  it("is over once", () => {
    const { outflow, endings } = setUp();
    outflow.destroy("left");
    outflow.destroy("closing");
    outflow.end("done");
    assert.deepEqual(endings, ["left"]);
  });
});
