import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { DirectoryBlobs } from "@tutti/journal";
import { errorFromUnknown, systemClock } from "@tutti/kernel";
import { SmallDisk } from "../testing/small-disk.ts";

it("a large blob on a disk that becomes full fails with the reason, and can be stored once there is space", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "tutti-full-"));
  const disk = await SmallDisk.at(directory, 5_500_000);
  if (disk === undefined) {
    await rm(directory, { recursive: true });
    t.skip("mounting is not allowed");
    return;
  }
  try {
    const blobs = await DirectoryBlobs.open(directory, systemClock);
    const content = (parts: number) =>
      (async function* () {
        for (let part = 0; part < parts; part++) yield Buffer.alloc(1_048_576, part);
      })();
    const error = await blobs
      .put("default", content(8))
      .then(() => assert.fail("8 MiB fit on a disk of 5.5 MB"), errorFromUnknown);
    assert.deepEqual([error.code, error.status], ["kernel.exhausted", "RESOURCE_EXHAUSTED"]);
    assert.match(error.message, /ENOSPC: no space left/);
    assert.equal((await blobs.put("default", content(4))).size, 4 * 1_048_576);
  } finally {
    await disk.close();
    await rm(directory, { recursive: true });
  }
});
