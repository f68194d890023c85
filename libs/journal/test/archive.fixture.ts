import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openArchiveInline, type SqliteArchive } from "@tutti/journal";
import type { ArchiveFixture, BatchFeed } from "@tutti/journal/testing";
import { VirtualTime } from "@tutti/kernel/testing";

// In memory if possible: these tests are not about slow disks.
const files = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

type Open = (directory: string, options: Parameters<typeof openArchiveInline>[1]) => SqliteArchive;

/** Returns an archive on separate files. */
export async function archiveFixture(
  partitions: number,
  feed: BatchFeed,
  openArchive: Open = openArchiveInline,
): Promise<ArchiveFixture> {
  const directory = await mkdtemp(join(files, "tutti-archive-"));
  const options = { partitions, source: feed.source, clock: new VirtualTime() };
  const opened: SqliteArchive[] = [];
  const open = (name: string): SqliteArchive => {
    const archive = openArchive(join(directory, name), options);
    opened.push(archive);
    return archive;
  };
  const archive = open("kept-0");
  let copies = 0;
  return {
    archive,
    directory: join(directory, "copy"),
    reopen: async () => {
      await archive.close();
      return open("kept-0");
    },
    // The content of the system's disk after the end of the process.
    crash: async () => {
      await cp(join(directory, `kept-${copies}`), join(directory, `kept-${copies + 1}`), { recursive: true });
      await opened.at(-1)?.close();
      return open(`kept-${++copies}`);
    },
    openBackup: async () => open("copy"),
    [Symbol.asyncDispose]: async () => {
      for (const resource of opened) await resource.close();
      await rm(directory, { recursive: true });
    },
  };
}
