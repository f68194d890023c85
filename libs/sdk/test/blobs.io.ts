import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { blobService, GetReply, PutReply, StatReply } from "@tutti/contracts/blob/v1";
import { silentLogger } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { partsOf, readAll } from "../src/link/blobs.ts";
import { GrpcTransport } from "../src/link/grpc-transport.ts";

const content = Buffer.alloc(2_500_000, "tutti ");
const sha256 = createHash("sha256").update(content).digest();

describe("content that is too large for a frame", () => {
  let host: Mesh;
  let transport: GrpcTransport;
  const requests: string[] = [];

  before(async () => {
    host = new Mesh({
      settings: { transport: "grpc", listen: "127.0.0.1:0" },
      foundation: { logger: silentLogger },
    });
    host.serve(blobService, {
      put: () => PutReply.create(),
      stat: () => StatReply.create(),
      async *get({ namespace }) {
        requests.push(namespace);
        for (let at = 0; at < content.length; at += 1_000_000)
          yield GetReply.fromPartial({ size: content.length, chunk: content.subarray(at, at + 1_000_000) });
      },
    });
    await host.start();
    transport = new GrpcTransport({}, "acme");
  });
  after(async () => {
    transport.close();
    await host?.stop();
  });

  it("is read from the blob store in the namespace of its task", async () => {
    const blobs = transport.blobs(host.address);
    const read = await readAll(blobs.read({ namespace: "acme", sha256, bytes: content.length }));
    assert.ok(content.equals(read));
    assert.deepEqual(requests, ["acme"]);
  });

  it("is rejected if it does not match its hash, or has another length", async () => {
    const other = new Uint8Array(32);
    await assert.rejects(
      readAll(transport.blobs(host.address).read({ namespace: "", sha256: other, bytes: content.length })),
      /do not have its hash/,
    );
    await assert.rejects(
      readAll(transport.blobs(host.address).read({ namespace: "", sha256, bytes: 1_000_000 })),
    );
  });

  it("is reported as unreachable without a server", async () => {
    const unreachable = transport.blobs("127.0.0.1:1");
    await assert.rejects(readAll(unreachable.read({ namespace: "", sha256, bytes: 1 })), /./);
    await assert.rejects(unreachable.write("", partsOf(content)), /./);
  });
});
