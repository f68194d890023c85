import { MemoryArchive, MemoryArchiveStore } from "@tutti/journal";
import { archiveConformance } from "@tutti/journal/testing";
import { VirtualTime } from "@tutti/kernel/testing";
import { archiveFixture } from "./archive.fixture.ts";

archiveConformance({
  name: "memory",
  open: async ({ partitions, feed }) => {
    const time = new VirtualTime();
    const store = new MemoryArchiveStore();
    const open = (archiveStore: MemoryArchiveStore): MemoryArchive =>
      new MemoryArchive({ partitions, source: feed.source, clock: time, store: archiveStore });
    let archive = open(store);
    return {
      archive,
      directory: "copies",
      reopen: async () => {
        await archive.close();
        archive = open(store);
        return archive;
      },
      crash: async () => {
        archive.crash();
        archive = open(store);
        return archive;
      },
      openBackup: async (directory) => open(store.backups.get(directory) ?? new MemoryArchiveStore()),
      [Symbol.asyncDispose]: () => archive.close(),
    };
  },
});

archiveConformance({
  name: "SQLite, in line",
  open: ({ partitions, feed }) => archiveFixture(partitions, feed),
});
