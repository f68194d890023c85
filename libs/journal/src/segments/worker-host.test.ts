import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { journalErrors } from "../errors.ts";
import { batchesFrom, Owner } from "../testing/fixture.ts";
import { openSegments, type SegmentsOptions } from "./open.ts";
import { preparedName } from "./segment-files.ts";

const options: SegmentsOptions = {
  services: [{ service: "workflow", partitions: 1 }],
  chance: seededChance(1),
  sizes: { firstBytes: 32 * 1024, maxBytes: 32 * 1024 },
};

describe("segments with a thread", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-segments-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("answer unknown when the disk takes no more, and refuse what comes after", async () => {
    const { journal } = await openSegments(directory, options);
    const owner = await Owner.of(journal.partition("workflow", 0));
    await owner.append(new Uint8Array(20_000));
    // The next segment cannot get its name: a directory has it.
    await rm(join(directory, preparedName), { force: true });
    await mkdir(join(directory, "000000000002.log"));
    const outcome = await owner.append(new Uint8Array(20_000));
    assert.equal(outcome.kind, "unknown");
    if (outcome.kind === "unknown") assert.match(outcome.refusal.message, /EISDIR|rename/);
    assert.equal((await owner.append("later")).kind, "stopped");
    await journal.close();
    await rm(join(directory, "000000000002.log"), { recursive: true });
    const again = await openSegments(directory, options);
    assert.equal(again.journal.partition("workflow", 0).last.number, 2);
    await again.journal.close();
  });

  it("make the next segment ahead, and take it", async () => {
    const { journal } = await openSegments(directory, options);
    const owner = await Owner.of(journal.partition("workflow", 0));
    for (let count = 0; count < 30; count++) await owner.append("a".repeat(3_000));
    await journal.close();
    const names = await readdir(directory);
    assert.ok(names.includes("000000000004.log"), names.join());
    const { journal: again, found } = await openSegments(directory, options);
    assert.equal(found.batches, 31);
    assert.equal((await batchesFrom(again.partition("workflow", 0))).length, 31);
    await again.close();
    assert.ok((await readdir(directory)).every((name) => name.endsWith(".log")));
  });

  it("fail to open, and leave no thread, when the directory holds something else", async () => {
    await writeFile(join(directory, "000000000001.log"), "no journal");
    await assert.rejects(openSegments(directory, options), (error: unknown) => {
      assert.ok(journalErrors.corrupt.is(error));
      assert.match(error.message, /000000000001\.log, byte 0: no header of a segment/);
      return true;
    });
  });
});
