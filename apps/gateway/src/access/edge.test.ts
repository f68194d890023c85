import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "node:test";
import { localAdministrator, type Principal } from "@tutti/kernel";
import { admit, admitSocket, type EdgeGuard } from "./edge.ts";

/** Counts the calls that are open. */
function counting() {
  const open = { count: 0, streams: 0 };
  const admitCall = (_principal: Principal, isStream: boolean) => {
    const kind = isStream ? "streams" : "count";
    open[kind]++;
    return { limit: 10, remaining: 9, resetAfterMs: 0, release: () => void open[kind]-- };
  };
  return { open, guard: { admit: admitCall } as unknown as EdgeGuard };
}

const answer = () => new ServerResponse(new IncomingMessage(new Socket()));

describe("a call that counts against the limit of its caller", () => {
  it("counts until it is answered", () => {
    const { open, guard } = counting();
    const response = answer();
    admit(guard, localAdministrator, response);
    assert.equal(open.count, 1);
    response.emit("close");
    assert.equal(open.count, 0);
  });

  it("does not count if its client disconnects during authentication", async () => {
    const { open, guard } = counting();
    const response = answer();
    response.destroy();
    await new Promise(setImmediate);
    assert.equal(response.closed, true);
    admit(guard, localAdministrator, response);
    assert.equal(open.count, 0);
  });
});

describe("a WebSocket", () => {
  it("counts as a stream of its caller until it closes", async () => {
    const { open, guard } = counting();
    const socket = new Socket();
    admitSocket(guard, localAdministrator, socket);
    assert.deepEqual(open, { count: 0, streams: 1 });
    socket.destroy();
    await new Promise(setImmediate);
    assert.deepEqual(open, { count: 0, streams: 0 });
    admitSocket(guard, localAdministrator, socket);
    assert.deepEqual(open, { count: 0, streams: 0 });
  });
});
