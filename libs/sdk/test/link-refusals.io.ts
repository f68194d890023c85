import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { describe, it } from "node:test";
import { WebSocket as WebSocketOfPackage } from "ws";
import { WebSocketTransport } from "../src/link/web-socket-transport.ts";

/** Returns the reason of the transport for a server that refuses a link. */
async function reasonOf(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await reasonAt(port);
  } finally {
    server.close();
  }
}

function reasonAt(port: number): Promise<string> {
  return new Promise((resolve) => {
    const frame = () => assert.fail("expected no frame");
    new WebSocketTransport({}).open(`ws://127.0.0.1:${port}/v1/link`, { frame, ended: resolve });
  });
}

describe("a link that an address refuses", () => {
  it("no server listens", async () => {
    assert.equal(await reasonAt(1), "ECONNREFUSED");
  });

  it("no server listens, in a Node without a built-in WebSocket", async () => {
    const own = globalThis.WebSocket;
    Object.assign(globalThis, { WebSocket: WebSocketOfPackage });
    try {
      assert.equal(await reasonAt(1), "ECONNREFUSED");
    } finally {
      Object.assign(globalThis, { WebSocket: own });
    }
  });

  it("a server that is not Tutti", async () => {
    const server = createServer((_, answer) => answer.writeHead(404).end("<h1>Not found</h1>"));
    assert.equal(await reasonOf(server), "the host answers with status 404");
  });

  it("the platform refuses with a problem", async () => {
    const problem = JSON.stringify({ title: "Unauthenticated", detail: "The token has expired." });
    const server = createServer((_, answer) => answer.writeHead(401).end(problem));
    assert.equal(await reasonOf(server), "The token has expired.");
  });

  it("a port of another protocol", async () => {
    const server = createSocketServer((socket) => void socket.end("\0\0\u0006\u0004"));
    assert.equal(await reasonOf(server), "the answer is not HTTP");
  });
});
