import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemFoundation } from "@tutti/kernel";
import { recordingLogger, testFoundation, until } from "@tutti/kernel/testing";
import { DataDirectory, lastHolder } from "./data-directory.ts";
import { claimCopies } from "./storage/cluster/copies-directory.ts";

describe("DataDirectory", () => {
  let folder = "";
  const foundation = testFoundation();
  const at = (...path: string[]) => new DataDirectory(join(folder, ...path), foundation);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-data-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("creates the directory with its parents, and records its owner in `lock.json`", async () => {
    const directory = at("deep", "below");
    await directory.start();
    const holder: unknown = JSON.parse(await readFile(join(directory.path, "lock.json"), "utf8"));
    assert.deepEqual(holder, { pid: process.pid, since: "2026-01-01T00:00:00.000Z" });
    directory.stop();
  });

  it("belongs to one process at a time, and the error for a second one names the holder, the time of its lock and the setting", async () => {
    const [first, second] = [at("shared"), at("shared")];
    await first.start();
    await assert.rejects(second.start(), {
      code: "host.data_directory_locked",
      message:
        `Process ${process.pid} has locked the data directory ${first.path} ` +
        "since 2026-01-01T00:00:00.000Z. Stop that process, or set platform.dataDirectory to another directory.",
    });
    first.stop();
    await second.start();
    second.stop();
  });

  it("that another process serves is refused before the start, with the address to use", async () => {
    const [first, second] = [at("served"), at("served")];
    await second.requireFree();
    await first.start();
    first.serves("http://127.0.0.1:7810");
    await assert.rejects(second.requireFree(), {
      code: "host.data_directory_locked",
      message:
        `Tutti already runs at http://127.0.0.1:7810: process ${process.pid} uses the data directory ${first.path} ` +
        "since 2026-01-01T00:00:00.000Z. Commands in its folder use it. " +
        `To stop it, run kill ${process.pid}. Or set platform.dataDirectory to another directory.`,
    });
    first.markStopping();
    await second.requireFree();
    first.stop();
    await second.requireFree();
  });

  it("keeps its URL after a stop, and names no holder", async () => {
    const [first, second] = [at("stopped"), at("stopped")];
    await first.start();
    first.serves("http://127.0.0.1:7811");
    first.stop();
    const { url } = JSON.parse(await readFile(join(first.path, "lock.json"), "utf8"));
    assert.equal(url, "http://127.0.0.1:7811");
    assert.equal(lastHolder(first.path), undefined);
    await second.start();
    second.stop();
  });

  it("is waited for if the process that has it stops", async () => {
    const logger = recordingLogger();
    const [first, second] = [
      at("left"),
      new DataDirectory(join(folder, "left"), { ...systemFoundation(), logger }),
    ];
    await first.start();
    first.markStopping();
    const started = second.start();
    const { fields } = await until("the second to wait", () => logger.lines[0]);
    assert.equal(fields["pid"], String(process.pid));
    first.stop();
    await started;
    second.stop();
    assert.deepEqual(await readdir(join(folder, "left")), ["lock"]);
  });

  it("is locked by exactly one of several concurrent starts", async () => {
    const directories = Array.from({ length: 8 }, () => at("wanted"));
    const outcomes = await Promise.allSettled(directories.map((directory) => directory.start()));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const directory of directories) directory.stop();
  });

  it("each of several processes claims a folder of its own below a folder that does not exist yet", async () => {
    const claimed = await Promise.all(
      Array.from({ length: 4 }, () => claimCopies(join(folder, "new", "copies"), foundation)),
    );
    assert.deepEqual(claimed.map(({ path }) => path.slice(-2)).toSorted(), ["/1", "/2", "/3", "/4"]);
    for (const copies of claimed) copies.stop();
  });

  it("may have spaces, umlauts and non-Latin characters in its name", async () => {
    const directory = at("a folder", "größe %20 #1 ?", "数据");
    await directory.start();
    assert.deepEqual((await readdir(directory.path)).sort(), ["lock", "lock.json"]);
    directory.stop();
  });

  it("becomes private with all files of an older release, and logs the number of changes", async () => {
    const logger = recordingLogger();
    const directory = new DataDirectory(join(folder, "open"), { ...foundation, logger });
    await mkdir(join(directory.path, "journal", "deep"), { recursive: true });
    await chmod(directory.path, 0o755);
    await writeFile(join(directory.path, "journal", "deep", "1.log"), "", { mode: 0o644 });
    await symlink("/etc/hostname", join(directory.path, "elsewhere"));
    await directory.start();
    const names = ["", "lock", "lock.json", "journal", "journal/deep", "journal/deep/1.log"];
    const modes = await Promise.all(
      names.map(async (name) => (await lstat(join(directory.path, name))).mode & 0o777),
    );
    assert.deepEqual(modes, [0o700, 0o600, 0o600, 0o700, 0o700, 0o600]);
    directory.stop();
    await directory.start();
    directory.stop();
    const { fields } = logger.line("restricted the data directory to its user");
    assert.equal(fields["changed"], 4);
  });

  it("stays locked if `lock.json` is damaged", async () => {
    const [first, second] = [at("scribbled"), at("scribbled")];
    await first.start();
    await writeFile(join(first.path, "lock.json"), "{");
    await assert.rejects(second.start(), { code: "host.data_directory_locked" });
    first.stop();
  });

  it("fails without waiting if its parent cannot contain directories", {
    skip: !existsSync("/proc/self"),
  }, async () => {
    const directory = new DataDirectory("/proc/tutti/data", foundation);
    await assert.rejects(directory.start(), { code: "host.data_directory_unusable" });
  });

  it("that is unusable fails with the reason and a remedy", async () => {
    await writeFile(join(folder, "file"), "text");
    await mkdir(join(folder, "foreign"));
    await writeFile(
      join(folder, "foreign", "lock"),
      "the file of another program, longer than nothing".repeat(99),
    );
    await mkdir(join(folder, "odd", "lock"), { recursive: true });
    const reasons: readonly (readonly [string, RegExp])[] = [
      ["file", /cannot be written: EEXIST: file already exists/],
      ["file/below", /cannot be written: ENOTDIR: not a directory/],
      [
        "foreign",
        /cannot be written: a file .*foreign.lock that Tutti did not create\. Correct its permissions, or set platform\.dataDir/,
      ],
      ["odd", /cannot be written: EISDIR/],
    ];
    for (const [path, message] of reasons) {
      await assert.rejects(at(path).start(), { code: "host.data_directory_unusable", message });
    }
  });

  it("without write permission fails with the reason", { skip: process.platform !== "linux" }, async () => {
    await assert.rejects(new DataDirectory("/sys/tutti", foundation).start(), {
      code: "host.data_directory_unusable",
      message: /^The data directory \/sys\/tutti cannot be written: E(PERM|ROFS|ACCES)/,
    });
  });
});
