import assert from "node:assert/strict";
import { mkdtemp, open as openFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DirectoryBlobs, MemoryBlobs } from "@tutti/journal";
import { blobConformance } from "@tutti/journal/testing";
import { VirtualTime } from "@tutti/kernel/testing";

blobConformance({
  name: "memory",
  open: async () => {
    const time = new VirtualTime();
    const blobs = new MemoryBlobs(time);
    return {
      blobs,
      time,
      crash: async () => new MemoryBlobs(time, blobs.store),
      flip: async (sha256, byte) => {
        const stored = blobs.store.blobs.get(`${Buffer.from(sha256).toString("hex")}.default`);
        if (stored !== undefined) stored.content[byte] = (stored.content[byte] ?? 0) ^ 4;
      },
      [Symbol.asyncDispose]: () => blobs.close(),
    };
  },
});

blobConformance({
  name: "directory",
  open: async () => {
    const time = new VirtualTime();
    const directory = await mkdtemp(join(tmpdir(), "tutti-blobs-"));
    const blobs = await DirectoryBlobs.open(directory, time);
    return {
      blobs,
      time,
      crash: () => DirectoryBlobs.open(directory, time),
      flip: async (sha256, byte) => {
        const name = Buffer.from(sha256).toString("hex");
        const file = await openFile(join(directory, "content", name.slice(0, 2), `${name}.default`), "r+");
        const target = new Uint8Array(1);
        await file.read(target, 0, 1, byte);
        target[0] = (target[0] ?? 0) ^ 4;
        await file.write(target, 0, 1, byte);
        await file.close();
      },
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
    };
  },
});

describe("a directory of blobs that is closed", () => {
  const from = { service: "workflow", partition: 3 };
  const mention = (id: string) => ({
    ...from,
    namespace: "default",
    kind: "run",
    id,
    sha256: new Uint8Array(32).fill(7),
  });

  it("finishes the mentions in progress before it is closed, and refuses later changes", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-blobs-"));
    const blobs = await DirectoryBlobs.open(directory, new VirtualTime());
    const mentions = ["a", "b", "c"].map(mention);
    let isMentioned = false;
    const mentioned = blobs.mention(mentions).then(() => {
      isMentioned = true;
    });
    await blobs.close();
    assert.equal(isMentioned, true);
    await mentioned;
    const before = await readdir(directory, { recursive: true });
    const refused = { code: "blobs.closed" };
    await assert.rejects(blobs.mention([mention("d")]), refused);
    await assert.rejects(blobs.recordThrough(from, 1), refused);
    await assert.rejects(blobs.put("default", [new Uint8Array(1)]), refused);
    await assert.rejects(blobs.sweep(7, { beforeMs: 0, isReferenced: async () => [] }), refused);
    assert.deepEqual(await readdir(directory, { recursive: true }), before);
    await rm(directory, { recursive: true });
  });
});

describe("a blob that is larger than a buffer", () => {
  it("keeps its last part valid for its reader while other blobs are read", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-blobs-"));
    const blobs = await DirectoryBlobs.open(directory, new VirtualTime());
    const contents = [1, 2].map((byte) => new Uint8Array(1_500_000).fill(byte));
    const [one, other] = await Promise.all(contents.map((content) => blobs.put("default", [content])));
    assert.ok(one !== undefined && other !== undefined);
    const reading = blobs.read("default", one.sha256);
    let last = new Uint8Array(0) as Uint8Array;
    for (let size = 0; size < one.size; size += last.length) {
      const { value } = await reading.next();
      assert.ok(value !== undefined);
      last = value;
    }
    for await (const _ of blobs.read("default", other.sha256));
    assert.ok(last.every((byte) => byte === 1));
    assert.ok((await reading.next()).done);
    await rm(directory, { recursive: true });
  });
});
