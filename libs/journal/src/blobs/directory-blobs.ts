import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@tutti/kernel";
import { blobErrors } from "./errors.ts";
import { nameOf } from "./memory-blobs.ts";
import type { Blob, BlobContent, Blobs } from "./port.ts";

const partBytes = 256 * 1024;
/** Where content is until its hash is known. */
const incoming = "incoming";

/**
 * Blobs as files of a directory, each named by its hash, in folders by its first two digits. One process at a time.
 *
 * 1. Content is written beside, synced, and then renamed; the folder is synced before anybody hears of it. So a file with
 *    a hash for its name is whole, or was damaged later.
 * 2. When a file was last put is its time of change.
 */
export class DirectoryBlobs implements Blobs {
  readonly #directory: string;
  readonly #clock: Clock;
  #count = 0;

  /** Opens the directory, or makes one; what a killed process had begun is thrown away. */
  static async open(directory: string, clock: Clock): Promise<DirectoryBlobs> {
    await rm(join(directory, incoming), { recursive: true, force: true });
    await mkdir(join(directory, incoming), { recursive: true });
    await syncDirectory(directory);
    return new DirectoryBlobs(directory, clock);
  }

  private constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  async put(content: BlobContent): Promise<Blob> {
    const temporary = join(this.#directory, incoming, String(++this.#count));
    try {
      const { sha256, size } = await this.#write(temporary, content);
      const path = this.#path(sha256);
      const folder = join(path, "..");
      if ((await mkdir(folder, { recursive: true })) !== undefined) await syncDirectory(this.#directory);
      await rename(temporary, path);
      await syncDirectory(folder);
      return { sha256, size };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async *read(sha256: Uint8Array): AsyncGenerator<Uint8Array> {
    const name = nameOf(sha256);
    const path = this.#path(sha256);
    const file = await open(path, "r").catch((error: unknown) => {
      throw isMissing(error) ? blobErrors.missing({ name }) : error;
    });
    try {
      const hash = createHash("sha256");
      let before: Uint8Array | undefined;
      for await (const part of partsOf(file)) {
        hash.update(part);
        if (before !== undefined) yield before;
        before = part;
      }
      const found = hash.digest("hex");
      if (found !== name) throw blobErrors.damaged({ name, place: path, found });
      if (before !== undefined) yield before;
    } finally {
      await file.close();
    }
  }

  async size(sha256: Uint8Array): Promise<number | undefined> {
    try {
      return (await stat(this.#path(sha256))).size;
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
  }

  remove(sha256: Uint8Array): Promise<void> {
    return rm(this.#path(sha256), { force: true });
  }

  async sweep(isLive: (sha256: Uint8Array) => boolean, beforeMs: number): Promise<number> {
    let removed = 0;
    for (const folder of await readdir(this.#directory)) {
      if (folder === incoming) continue;
      for (const name of await readdir(join(this.#directory, folder))) {
        const path = join(this.#directory, folder, name);
        if ((await stat(path)).mtimeMs >= beforeMs || isLive(Uint8Array.from(Buffer.from(name, "hex"))))
          continue;
        await rm(path);
        removed++;
      }
    }
    return removed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #write(path: string, content: BlobContent): Promise<Blob> {
    const hash = createHash("sha256");
    let size = 0;
    const file = await open(path, "wx");
    try {
      for await (const part of content) {
        hash.update(part);
        await writeWhole(file, part);
        size += part.length;
      }
      const nowSeconds = this.#clock.now() / 1_000;
      await file.utimes(nowSeconds, nowSeconds);
      await file.sync();
    } finally {
      await file.close();
    }
    return { sha256: Uint8Array.from(hash.digest()), size };
  }

  #path(sha256: Uint8Array): string {
    const name = nameOf(sha256);
    return join(this.#directory, name.slice(0, 2), name);
  }
}

async function writeWhole(file: FileHandle, part: Uint8Array): Promise<void> {
  for (let done = 0; done < part.length; ) {
    done += (await file.write(part, done, part.length - done)).bytesWritten;
  }
}

async function* partsOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(partBytes), 0, partBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows can neither open nor sync a directory; there a rename is durable by itself.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
