import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { finish, markUnfinished, requireFinished, unfinishedIn } from "./unfinished.ts";

describe("a cluster created by restore or import", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-unfinished-"));
  });
  after(() => rm(folder, { recursive: true }));
  const attempt = { command: "import", from: "/data" } as const;

  it("does not run before it is complete, and names the command that completes it", async () => {
    const directory = join(folder, "cluster");
    await markUnfinished(directory, attempt);
    assert.deepEqual(await unfinishedIn(directory), attempt);
    const hint = `Repeat it: tutti cluster import /data --directory ${directory}.`;
    await assert.rejects(requireFinished(directory), (error: Error) => error.message.endsWith(hint));
    await finish(directory);
    await requireFinished(directory);
    assert.equal(await unfinishedIn(directory), undefined);
  });

  it("starts again over an unfinished attempt, and in no other folder with files", async () => {
    const directory = join(folder, "again");
    await markUnfinished(directory, attempt);
    await writeFile(join(directory, "half"), "");
    await markUnfinished(directory, { command: "restore", from: "/backup" });
    assert.deepEqual(await readdir(directory), ["unfinished.json"]);
    await finish(directory);
    await writeFile(join(directory, "whole"), "");
    await assert.rejects(markUnfinished(directory, attempt), { code: "cluster.not_empty" });
    assert.deepEqual(await readdir(directory), ["whole"]);
  });

  it("does not start again over a complete data directory that is only not marked yet", async () => {
    const [directory, from] = [join(folder, "heir"), join(folder, "data")];
    await markUnfinished(directory, { command: "import", from });
    await writeFile(join(directory, "whole"), "");
    await mkdir(from);
    await writeFile(join(from, "handed-over.json"), JSON.stringify({ to: directory, time: "today" }));
    for (const other of [{ command: "restore", from: "/backup" } as const, attempt]) {
      const hint = `Repeat it: tutti cluster import ${from} --directory ${directory}.`;
      await assert.rejects(markUnfinished(directory, other), (error: Error) => error.message.endsWith(hint));
    }
    assert.deepEqual((await readdir(directory)).toSorted(), ["unfinished.json", "whole"]);
  });
});
