// @ts-check

// Podman with a separate store, and an image with busybox.

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const image = "localhost/box:1";
/** Machines that are containers themselves cannot raise limits. */
export const runArguments = ["--ulimit", "nofile=1024:20000", "--ulimit", "nproc=1024:1024"];

const absent = ["podman", "runc", "busybox"].filter((program) => spawnSync(program, ["--help"]).status !== 0);
/** Why tests are skipped. */
export const lacking =
  absent.length > 0 ? `${absent.join(", ")} missing: apt-get install podman runc busybox-static` : false;

export class Boxes {
  static async open() {
    const boxes = new Boxes(await mkdtemp(join(tmpdir(), "containers-")));
    const bin = join(boxes.folder, "root", "bin");
    mkdirSync(bin, { recursive: true });
    copyFileSync("/bin/busybox", join(bin, "busybox"));
    for (const name of ["sh", "cat", "cp", "echo", "env", "id", "sleep", "sort", "tail", "touch"])
      symlinkSync("busybox", join(bin, name));
    boxes.import();
    return boxes;
  }

  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
    const storage = ["--root", join(folder, "images"), "--runroot", join(folder, "running")];
    const own = ["--runtime", "runc", "--cgroup-manager", "cgroupfs"];
    /** @type {readonly string[]} */
    this.engine = ["podman", "--storage-driver", "vfs", ...storage, ...own];
  }

  /** @param {readonly string[]} given */
  podman(...given) {
    return execFileSync("podman", [...this.engine.slice(1), ...given], { encoding: "utf8" }).trim();
  }

  /**
   * Gives the image this configuration. Returns its id.
   *
   * @param {readonly string[]} changes
   */
  import(...changes) {
    execFileSync("tar", ["-C", join(this.folder, "root"), "-cf", join(this.folder, "root.tar"), "."]);
    const given = changes.map((change) => `--change=${change}`);
    return this.podman("import", "--quiet", ...given, join(this.folder, "root.tar"), image).replace(
      "sha256:",
      "",
    );
  }

  close() {
    spawnSync("podman", [...this.engine.slice(1), "kill", "--all"]);
    spawnSync("podman", [...this.engine.slice(1), "rm", "--force", "--all"]);
    // The store is removed last: handlers remove waiting containers when the process ends, and Podman then recreates
    // it.
    process.once("exit", () => rmSync(this.folder, { recursive: true, force: true }));
  }
}
