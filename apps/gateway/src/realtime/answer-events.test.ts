import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import type { FastifyReply } from "fastify";
import { AnswerEvents } from "./answer-events.ts";

/** The response to a client that reads when the test says so. */
class SlowAnswer extends EventEmitter {
  writableNeedDrain = false;
  destroyed = false;
  readonly written: string[] = [];
  writeHead(): void {}
  write(text: string): boolean {
    this.written.push(text);
    this.writableNeedDrain = true;
    return false;
  }
  read(): void {
    this.writableNeedDrain = false;
    this.emit("drain");
  }
}

const eventsTo = (raw: SlowAnswer) => new AnswerEvents({ raw, hijack() {} } as unknown as FastifyReply);

describe("the events of an answer", () => {
  it("have room at once while the client keeps up, and otherwise after the client has read", async () => {
    const raw = new SlowAnswer();
    const events = eventsTo(raw);
    assert.equal(events.room(), undefined);
    events.send(1);
    const room = events.room();
    assert.ok(room !== undefined && room === events.room());
    raw.read();
    await room;
    assert.equal(events.room(), undefined);
    assert.deepEqual([raw.listenerCount("drain"), raw.listenerCount("close")], [0, 0]);
  });

  it("have room after the client disconnects", async () => {
    const raw = new SlowAnswer();
    const events = eventsTo(raw);
    events.send(1);
    const room = events.room();
    raw.destroyed = true;
    raw.emit("close");
    await room;
    assert.equal(events.room(), undefined);
  });
});
