import { mkdtemp, open as openFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
      crash: async () => new MemoryBlobs(time, blobs.kept),
      flip: async (sha256, byte) => {
        const kept = blobs.kept.blobs.get(`${Buffer.from(sha256).toString("hex")}.default`);
        if (kept !== undefined) kept.content[byte] = (kept.content[byte] ?? 0) ^ 4;
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
