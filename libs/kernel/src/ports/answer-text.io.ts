import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { answerText } from "./answer-text.ts";

const bytesMax = 1_048_576;

describe("the text of an answer", () => {
  it("is refused while it is read: without an end, and packed", async () => {
    // 200 MiB in 200 KiB.
    const bomb = gzipSync(Buffer.alloc(200 * bytesMax), { level: 9 });
    const closed: Promise<unknown>[] = [];
    let sent = 0;
    const server = createServer(({ url }, response) => {
      closed.push(once(response, "close"));
      if (url === "/short") return void response.end("é".repeat(10_000));
      if (url === "/bomb") return void response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536))) sent += 65_536;
      };
      response.on("drain", more);
      more();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const read = async (path: string) =>
      answerText(await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`), bytesMax);
    try {
      assert.equal(await read("/short"), "é".repeat(10_000));
      const before = process.memoryUsage().arrayBuffers;
      await assert.rejects(read("/bomb"), /more than 1048576 bytes/);
      assert.ok(process.memoryUsage().arrayBuffers - before < 64 * bytesMax);
      await assert.rejects(read("/endless"), /more than 1048576 bytes/);
      // Each connection ends, so that no server keeps sending.
      await Promise.all(closed);
      assert.ok(sent < 64 * bytesMax);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
