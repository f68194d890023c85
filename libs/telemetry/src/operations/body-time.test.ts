import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { IncomingMessage, type Server } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { extendBodyTimeout, limitBodies } from "./body-time.ts";

const minuteMs = 60_000;

function received() {
  const time = new VirtualTime();
  const server = new EventEmitter() as Server;
  const late: unknown[] = [];
  server.on("clientError", (_error, socket) => late.push(socket));
  limitBodies(server, minuteMs, time);
  const socket = new Socket();
  const arrived = { bytes: 0 };
  Object.defineProperty(socket, "bytesRead", { get: () => arrived.bytes });
  const request = new IncomingMessage(socket);
  request.headers["transfer-encoding"] = "chunked";
  server.emit("request", request);
  return { time, late, arrived, request, socket };
}

describe("the time of a body", () => {
  it("is limited, however fast it arrives", () => {
    const { time, late, arrived } = received();
    arrived.bytes = 1_000_000;
    time.advance(minuteMs);
    assert.equal(late.length, 1);
  });

  it("is not limited for a handler that allows it, as long as bytes arrive", () => {
    const { time, late, arrived, request } = received();
    extendBodyTimeout(request);
    for (let hour = 0; hour < 24; hour++) {
      arrived.bytes++;
      time.advance(60 * minuteMs);
    }
    assert.equal(late.length, 0);
    time.advance(60 * minuteMs);
    time.advance(60 * minuteMs);
    assert.equal(late.length, 1);
  });

  it("is not awaited on a connection that has closed", () => {
    const { time, request, socket } = received();
    extendBodyTimeout(request);
    time.advance(minuteMs);
    socket.emit("close");
    assert.equal(time.nextDueMs, undefined);
  });
});
