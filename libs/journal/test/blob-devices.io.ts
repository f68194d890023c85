import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtempDisposable, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readContent, writeContent } from "../src/blobs/content-file.ts";

const memory = "/dev/shm";
const size = 3_500_000;

async function readBytes(path: string): Promise<number> {
  await using file = await open(path);
  let bytes = 0;
  for await (const part of readContent(path, file, () => {})) bytes += part.length;
  return bytes;
}

describe("large contents on several devices", { skip: !existsSync(memory) && "no tmpfs" }, () => {
  it("are read from a disk after others were read from a tmpfs, which needs no aligned buffers", async () => {
    for (const parent of [memory, tmpdir()]) {
      await using directory = await mkdtempDisposable(join(parent, "tutti-blob-"));
      const path = join(directory.path, "content");
      const parts = async function* () {
        yield Buffer.alloc(size);
      };
      await writeContent(path, parts(), () => 0);
      assert.equal(await readBytes(path), size);
    }
  });
});
