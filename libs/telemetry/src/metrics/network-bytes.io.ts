import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, it } from "node:test";
import { NetworkBytes } from "./network-bytes.ts";

describe("bytes on the network", () => {
  it("include servers and clients, while a socket is open and after it has closed", async (t) => {
    const bytes = new NetworkBytes();
    bytes.start();
    t.after(() => bytes.stop());
    const server = createServer((socket) => socket.once("data", () => socket.end("x".repeat(5_000))));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;

    const client = connect(port, "127.0.0.1");
    client.write("y".repeat(300));
    client.resume();
    await once(client, "end");
    // Both sides are in this process: one side sends each byte, the other receives it.
    assert.deepEqual(bytes.read(), { received: 5_300, sent: 5_300 });
    client.destroy();
    await once(client, "close");
    assert.deepEqual(bytes.read(), { received: 5_300, sent: 5_300 });
  });

  it("do not change after the count has stopped", async (t) => {
    const bytes = new NetworkBytes();
    bytes.start();
    bytes.stop();
    const server = createServer((socket) => socket.end("x"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    client.resume();
    await once(client, "close");
    assert.deepEqual(bytes.read(), { received: 0, sent: 0 });
  });
});
