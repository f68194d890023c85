import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { type Ending, Outflow } from "./outflow.ts";
import type { Pipe } from "./pipe.ts";

const frame = (text: string) => new TextEncoder().encode(text);
const textOf = (frames: readonly Uint8Array[]) => frames.map((each) => new TextDecoder().decode(each));

/** A pipe whose far end accepts the frames when the test says so. */
class HeldPipe implements Pipe {
  readonly heartbeat = frame("alive");
  readonly writes: string[][] = [];
  over: "end" | "cut" | undefined;
  #taken: (() => void) | undefined;

  write(frames: readonly Uint8Array[], taken: () => void): void {
    assert.equal(this.#taken, undefined, "one write is under way at a time");
    this.writes.push(textOf(frames));
    this.#taken = taken;
  }

  end(): void {
    this.over = "end";
  }

  cut(): void {
    this.over = "cut";
  }

  take(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }
}

function setUp(bytesMax = 10) {
  const time = new VirtualTime();
  const pipe = new HeldPipe();
  const endings: Ending[] = [];
  const outflow = new Outflow({
    ...{ pipe, bytesMax, heartbeatMs: 1_000, stallMs: 3_000 },
    now: () => time.monotonic(),
    onSent: () => undefined,
    onOver: (why) => endings.push(why),
  });
  return { time, pipe, endings, outflow };
}

describe("an outflow", () => {
  it("writes what is sent in one step together", async () => {
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
    pipe.take();
    assert.deepEqual(pipe.writes, [["a"], ["b", "c"]]);
  });

  it("writes no more than 64 KiB at a time, but a frame whole", async () => {
    const { outflow, pipe } = setUp(1_000_000);
    for (const letter of ["a", "b", "c"]) outflow.send(frame(letter.repeat(40_000)));
    outflow.send(frame("d".repeat(200_000)));
    for (let turn = 0; turn < 4; turn++) {
      await Promise.resolve();
      pipe.take();
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
    pipe.take();
    await room;
    assert.equal(outflow.room(), undefined);
  });

  it("gives room to those who wait for it when it is over", async () => {
    const { outflow } = setUp(1);
    outflow.send(frame("ab"));
    const room = outflow.room();
    outflow.cut("left");
    await room;
    assert.equal(outflow.room(), undefined);
  });

  it("says that all is well after a silence, and only then", async () => {
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

  it("cuts a reader that takes nothing for long, and drops the waiting messages", async () => {
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

  it("says what was sent before the end, and nothing after it", async () => {
    const { outflow, pipe, endings } = setUp();
    outflow.send(frame("a"));
    await Promise.resolve();
    outflow.send(frame("b"));
    outflow.end("closing");
    outflow.send(frame("late"));
    pipe.take();
    assert.equal(pipe.over, undefined);
    pipe.take();
    assert.deepEqual([pipe.writes, pipe.over, endings], [[["a"], ["b"]], "end", ["closing"]]);
    assert.equal(outflow.signal.aborted, true);
  });

  it("is over once", () => {
    const { outflow, endings } = setUp();
    outflow.cut("left");
    outflow.cut("closing");
    outflow.end("done");
    assert.deepEqual(endings, ["left"]);
  });
});
