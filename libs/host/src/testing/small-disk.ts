/** A separate disk for a directory, which can be filled up: on Linux, with the right to mount. */
import { execFile } from "node:child_process";
import { mkdir, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { endWithProcess } from "@tutti/kernel/end-with-process";

const run = promisify(execFile);
export class SmallDisk {
  readonly #directory: string;
  readonly #bytes: number;

  private constructor(directory: string, bytes: number) {
    this.#directory = directory;
    this.#bytes = bytes;
  }

  /** Undefined if mounting is not allowed. Unwritten space takes no memory. */
  static async at(directory: string, bytes: number): Promise<SmallDisk | undefined> {
    await mkdir(directory, { recursive: true });
    endWithProcess(directory);
    try {
      await run("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tutti-test", directory]);
    } catch {
      return undefined;
    }
    return new SmallDisk(directory, bytes);
  }

  /** Fills the disk. */
  async fill(): Promise<void> {
    for (let remainingAttempts = 20; ; remainingAttempts -= 1) {
      const { blocks, bfree, bsize } = await statfs(this.#directory);
      try {
        return await this.#resize((blocks - bfree) * bsize);
      } catch (cause) {
        // Data written since the measurement does not fit: the kernel refuses a smaller size.
        if (remainingAttempts === 1) throw cause;
      }
    }
  }

  empty(): Promise<void> {
    return this.#resize(this.#bytes);
  }

  async close(): Promise<void> {
    await run("umount", ["-l", this.#directory]);
  }

  async #resize(bytes: number): Promise<void> {
    await run("mount", ["-o", `remount,size=${bytes}`, this.#directory]);
  }
}
