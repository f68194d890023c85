import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { AgentFrame, HostFrame } from "@tutti/contracts/agent/v1";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import type { WebSocket } from "ws";
import { LinkedSocket, type OpenLink } from "./linked-socket.ts";

/** The socket of an agent that reads nothing. */
class SilentSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  isPaused = false;
  readonly sent: string[] = [];
  readonly closed: [code: number, reason: string][] = [];
  isTerminated = false;
  #callbacks: (() => void)[] = [];
  send(message: string, done: () => void): void {
    this.sent.push(message);
    this.#callbacks.push(done);
  }
  close(code: number, reason: string): void {
    this.closed.push([code, reason]);
  }
  terminate(): void {
    this.isTerminated = true;
    for (const done of this.#callbacks.splice(0)) done();
    this.emit("close");
  }
  pause(): void {}
  resume(): void {}
}

function linked() {
  const time = new VirtualTime();
  const socket = new SilentSocket();
  const foundation = { timers: time, logger: recordingLogger() };
  return { time, socket, link: new LinkedSocket(socket as unknown as WebSocket, foundation, () => {}) };
}

const hello = Buffer.from(
  JSON.stringify(AgentFrame.toJSON(AgentFrame.fromPartial({ hello: { agentId: "a" } }))),
);

describe("the socket of an agent", () => {
  it("is closed without a hello", async () => {
    const { time, socket, link } = linked();
    let isOpened = false;
    const open: OpenLink = () => {
      isOpened = true;
      throw new Error("expected no stream before a hello");
    };
    const running = link.run(open);
    await time.advanceAsync(10_000);
    await running;
    assert.deepEqual([isOpened, socket.closed[0]?.[0]], [false, 1008]);
    assert.match(socket.sent.join(), /link\.greeting_late/);
    assert.equal(time.pending, 0);
  });

  it("is closed if the agent stops reading, and its link ends", async () => {
    const { time, socket, link } = linked();
    let hasEnded = false;
    const running = link.run(async function* () {
      try {
        for (;;) yield HostFrame.create();
      } finally {
        hasEnded = true;
      }
    } as OpenLink);
    socket.emit("message", hello, false);
    socket.bufferedAmount = 1024 * 1024;
    await time.advanceAsync(59_000);
    assert.equal(socket.isTerminated, false);
    await time.advanceAsync(1_000);
    await running;
    assert.deepEqual([socket.isTerminated, hasEnded, time.pending], [true, true, 0]);
  });
});
