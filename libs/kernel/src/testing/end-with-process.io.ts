import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { thisSystem } from "../ports/system.ts";
import { until } from "./until.ts";

describe("a process or mount of a killed test process", { skip: !thisSystem.hasShell }, () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-end-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /**
   * A process that starts others and prints their ids. Each of them has a separate group, like the members of a
   * cluster.
   */
  const owner = async (...folders: readonly string[]) => {
    const text = `
      import { execFile, spawn } from "node:child_process";
      import { endWithProcess } from ${JSON.stringify(new URL("end-with-process.ts", import.meta.url).href)};
      endWithProcess(${JSON.stringify(folders[0])});
      const started = ${JSON.stringify(folders)}.map((folder) =>
        spawn("sh", ["-c", "sleep 60; :", folder + "/file"], { detached: true, stdio: "ignore" }).pid);
      console.log(JSON.stringify(started));
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", text], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout, "data");
    // The cast: it wrote the ids.
    return { child, pids: JSON.parse(String(line)) as readonly number[] };
  };

  it("ends, if it has the directory of the test among its arguments", async () => {
    const [mine, other] = [join(directory, "mine"), join(directory, "other")];
    const { child, pids } = await owner(mine, other);
    const [attached = 0, free = 0] = pids;
    try {
      assert.deepEqual([isAlive(attached), isAlive(free)], [true, true]);
      child.kill("SIGKILL");
      await until("the end of the process", () => !isAlive(attached));
      assert.equal(isAlive(free), true);
    } finally {
      process.kill(-free, "SIGKILL");
    }
  });

  it("is unmounted from the directory of the test", async (test) => {
    const disk = join(directory, "mounted", "disk");
    await mkdir(disk, { recursive: true });
    try {
      await promisify(execFile)("mount", ["-t", "tmpfs", "tutti-test", disk]);
    } catch {
      return test.skip("this user cannot mount a disk");
    }
    const mounts = () => readFile("/proc/mounts", "utf8");
    const { child } = await owner(join(directory, "mounted"));
    assert.match(await mounts(), new RegExp(disk));
    child.kill("SIGKILL");
    await until("the end of the mount", async () => !(await mounts()).includes(disk));
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
