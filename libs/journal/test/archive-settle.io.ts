import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { archiveErrors, openArchiveInline } from "@tutti/journal";
import { BatchFeed, character, Story, snapshotOf } from "@tutti/journal/testing";
import { VirtualTime } from "@tutti/kernel/testing";

const files = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const epoch = 1;

describe("settling an archive", () => {
  it("is not settled while a reader reads its log, and is settled afterwards", async () => {
    const directory = await mkdtemp(join(files, "tutti-settle-"));
    const feed = new BatchFeed();
    const options = { partitions: 1, source: feed.source, clock: new VirtualTime() };
    const archive = openArchiveInline(directory, options);
    const partition = archive.partition(0);
    await partition.opening(epoch);
    const story = new Story(feed, 0);
    const ann = character("ann");
    story.write(ann);
    await story.persist(partition, [snapshotOf(ann)]);
    const reader = new DatabaseSync(join(directory, "archive.db"), { readOnly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT * FROM instance").all();
    await assert.rejects(() => partition.settle(epoch), archiveErrors.failed.is);
    story.write(ann);
    await story.persist(partition, [snapshotOf(ann)]);
    reader.exec("COMMIT");
    reader.close();
    assert.equal(await partition.settle(epoch), 2);
    await archive.close();
    await rm(directory, { recursive: true });
  });
});
