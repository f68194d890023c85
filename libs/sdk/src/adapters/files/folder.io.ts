import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { folderAdapter, folderSource } from "@tutti/sdk/adapters";
import { describePlace, failsWith, Task } from "./files.fixture.ts";

describe("a folder", () => {
  let disposable: Awaited<ReturnType<typeof mkdtempDisposable>>;
  let folder = "";
  const secret = () => "";
  before(async () => {
    disposable = await mkdtempDisposable(join(tmpdir(), "tutti-folder-"));
    folder = join(disposable.path, "files");
    await mkdir(folder);
    await writeFile(join(disposable.path, "outside.txt"), "outside");
  });
  after(() => disposable?.[Symbol.asyncDispose]());

  describePlace(() => ({
    adapter: (more) => folderAdapter({ name: "shop", folder, ...more }),
    source: (options) => folderSource({ ...options, folder }),
    secret,
    put: async (path, text) => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
  }));

  const run = (name: string, input: Record<string, unknown>, at = folder) =>
    folderAdapter({ name: "shop", folder: at }).operations[name]?.call(input, new Task(secret));

  it("follows no link that leads out of it", async () => {
    await symlink(join(folder, ".."), join(folder, "up"));
    await symlink(join(folder, "..", "outside.txt"), join(folder, "link.txt"));
    for (const [name, input] of [
      ["read", { path: "link.txt" }],
      ["read", { path: "up/outside.txt" }],
      ["write", { path: "up/new.txt", text: "x" }],
      ["move", { path: "link.txt", to: "mine.txt" }],
      ["delete", { path: "up/outside.txt" }],
    ] as const)
      await failsWith(run(name, input), "adapter.refused");
    assert.deepEqual((await readdir(dirname(folder))).sort(), ["files", "outside.txt"]);
  });

  it("fails if a path is blocked or the folder is missing", async () => {
    await mkdir(join(folder, "dir", "in"), { recursive: true });
    await writeFile(join(folder, "file"), "");
    await failsWith(run("read", { path: "dir" }), "adapter.refused");
    await failsWith(run("write", { path: "file/below", text: "" }), "adapter.refused");
    await failsWith(run("write", { path: "x".repeat(300), text: "" }), "adapter.refused");
    const missing = join(folder, "gone");
    await failsWith(run("list", {}, missing), "adapter.unreachable");
    await failsWith(
      folderAdapter({ name: "a", folder: missing }).check(new Task(secret)),
      "adapter.unreachable",
    );
    await rm(join(folder, "dir"), { recursive: true });
  });

  it("refuses folders of started files that are in the inbox", () => {
    const options = { name: "drop", folder, start: () => ({ workflow: "order" }) };
    assert.throws(() => folderSource({ ...options, taken: "inbox/taken" }), /is in the inbox/);
  });
});
