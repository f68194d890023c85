import { after, describe } from "node:test";
import { ArchiveThread, openArchive } from "@tutti/journal";
import { archiveConformance } from "@tutti/journal/testing";
import { archiveFixture } from "./archive.fixture.ts";

describe("the archive's thread", () => {
  // One thread for all tests: starting it takes longer than most of them.
  const thread = new ArchiveThread();
  const host = thread.host("/nowhere");
  after(() => host.close());

  archiveConformance({
    name: "SQLite, with a thread",
    open: ({ partitions, feed }) =>
      archiveFixture(partitions, feed, (directory, options) => openArchive(directory, thread, options)),
  });
});
