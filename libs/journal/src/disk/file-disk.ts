import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  read as readLater,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { privateModes, thisSystem } from "@tutti/kernel";
import type { Disk, DiskFile } from "./disk.ts";

const readAt = promisify(readLater);

/** Zeros are written in parts of this size. One call would need as much memory as the file has bytes. */
const partBytes = 1024 * 1024;

/** Returns a directory of the machine. With `write` it is created if missing. With `read` it is not changed. */
export function fileDisk(directory: string, access: "write" | "read" = "write"): Disk {
  if (access === "write") mkdirSync(directory, { recursive: true, mode: privateModes.folder });
  const path = (name: string): string => join(directory, name);
  return {
    list: () => readdirSync(directory),
    open: (name) => fileOf(openSync(path(name), access === "write" ? "r+" : "r")),
    create(name, bytes) {
      // Writing until the disk is full would take the last space from all others, again and again.
      const { bavail, bsize } = statfsSync(directory);
      if (bavail * bsize < bytes) throw new DiskFullError(bytes);
      const descriptor = openSync(path(name), "wx+", privateModes.file);
      try {
        for (const [position, zeros] of partsOf(bytes)) {
          for (let done = 0; done < zeros.length; ) {
            done += writeSync(descriptor, zeros, done, zeros.length - done, position + done);
          }
        }
        fsyncSync(descriptor);
        return fileOf(descriptor);
      } catch (error) {
        closeSync(descriptor);
        rmSync(path(name), { force: true });
        throw error;
      }
    },
    rename: (from, to) => renameSync(path(from), path(to)),
    remove: (name) => rmSync(path(name)),
    sync: () => syncDirectory(directory),
    later: {
      async create(name, bytes) {
        const { bavail, bsize } = await statfs(directory);
        if (bavail * bsize < roomFor(bytes)) throw new DiskFullError(bytes);
        const file = await open(path(name), "wx+", privateModes.file);
        try {
          for (const [position, zeros] of partsOf(bytes)) {
            for (let done = 0; done < zeros.length; ) {
              const { bytesWritten } = await file.write(zeros, done, zeros.length - done, position + done);
              done += bytesWritten;
            }
            // Little by little, because a sync of everything at the end would delay those of the log for as long.
            await file.datasync();
          }
          await file.sync();
          await file.close();
        } catch (error) {
          await file.close();
          await rm(path(name), { force: true });
          throw error;
        }
      },
      remove: (name) => rm(path(name)),
    },
  };
}

/**
 * Returns the space for a file plus the space that archives and the audit need to continue for a while without the log.
 */
export function roomFor(bytes: number): number {
  return bytes + Math.min(bytes, 16 * 1024 * 1024);
}

class DiskFullError extends Error {
  readonly code = "ENOSPC";

  constructor(bytes: number) {
    super(`ENOSPC: no space left on device for ${bytes} bytes`);
  }
}

function* partsOf(bytes: number): Generator<[position: number, zeros: Uint8Array]> {
  const zeros = new Uint8Array(Math.min(bytes, partBytes));
  for (let position = 0; position < bytes; position += partBytes) {
    yield [position, zeros.subarray(0, Math.min(partBytes, bytes - position))];
  }
}

function syncDirectory(directory: string): void {
  if (!thisSystem.syncsFolders) return;
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function fileOf(descriptor: number): DiskFile {
  return {
    bytes: fstatSync(descriptor).size,
    read: (target, position) => readSync(descriptor, target, 0, target.length, position),
    readLater: async (target, position) =>
      (await readAt(descriptor, target, 0, target.length, position)).bytesRead,
    write: (source, position) => writeSync(descriptor, source, 0, source.length, position),
    sync: () => fdatasyncSync(descriptor),
    close: () => closeSync(descriptor),
  };
}
