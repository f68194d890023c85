import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { begin, finish, requireFinished, unfinishedIn } from "./unfinished.ts";

describe("a cluster that is made of something else", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-unfinished-"));
  });
  after(() => rm(folder, { recursive: true }));
  const made = { command: "import", from: "/data" } as const;

  it("does not run before it is finished, and says how that is done", async () => {
    const directory = join(folder, "cluster");
    await begin(directory, made);
    assert.deepEqual(await unfinishedIn(directory), made);
    const said = `Repeat it: tutti cluster import /data --directory ${directory}.`;
    await assert.rejects(requireFinished(directory), (error: Error) => error.message.endsWith(said));
    await finish(directory);
    await requireFinished(directory);
    assert.equal(await unfinishedIn(directory), undefined);
  });

  it("starts again over an unfinished attempt, and in no other folder with files", async () => {
    const directory = join(folder, "again");
    await begin(directory, made);
    await writeFile(join(directory, "half"), "");
    await begin(directory, { command: "restore", from: "/backup" });
    assert.deepEqual(await readdir(directory), ["unfinished.json"]);
    await finish(directory);
    await writeFile(join(directory, "whole"), "");
    await assert.rejects(begin(directory, made), { code: "cluster.not_empty" });
    assert.deepEqual(await readdir(directory), ["whole"]);
  });

  it("does not start again if it has all of a data directory that is only not marked yet", async () => {
    const [directory, from] = [join(folder, "heir"), join(folder, "data")];
    await begin(directory, { command: "import", from });
    await writeFile(join(directory, "whole"), "");
    await mkdir(from);
    await writeFile(join(from, "handed-over.json"), JSON.stringify({ to: directory, time: "today" }));
    for (const other of [{ command: "restore", from: "/backup" } as const, made]) {
      const said = `Repeat it: tutti cluster import ${from} --directory ${directory}.`;
      await assert.rejects(begin(directory, other), (error: Error) => error.message.endsWith(said));
    }
    assert.deepEqual((await readdir(directory)).toSorted(), ["unfinished.json", "whole"]);
  });
});
