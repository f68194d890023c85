/** A disk of its own for a directory, which can be made full: on Linux, for who may mount. */
import { execFile } from "node:child_process";
import { mkdir, statfs } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
/** More than streams reserve; what is not written takes no memory. */
const size = 2 ** 38;

export class SmallDisk {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined where that is not allowed. */
  static async at(directory: string): Promise<SmallDisk | undefined> {
    await mkdir(directory, { recursive: true });
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tutti-chaos", directory]);
    } catch {
      return undefined;
    }
    return new SmallDisk(directory);
  }

  /** Nothing more can be written. */
  async fill(): Promise<void> {
    const { blocks, bfree, bsize } = await statfs(this.#directory);
    await this.#resize((blocks - bfree) * bsize);
  }

  empty(): Promise<void> {
    return this.#resize(size);
  }

  async close(): Promise<void> {
    await run("umount", ["-l", this.#directory]);
  }

  async #resize(bytes: number): Promise<void> {
    await run("mount", ["-o", `remount,size=${bytes}`, this.#directory]);
  }
}
