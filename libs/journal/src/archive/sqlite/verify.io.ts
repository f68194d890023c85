import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { openArchiveInline } from "./open.ts";
import { verifyArchive } from "./verify.ts";

describe("an archive whose process was killed during its creation", () => {
  const kindIn = async (create: (file: string) => void | Promise<void>): Promise<string> => {
    const directory = mkdtempSync(join(tmpdir(), "tutti-archive-"));
    try {
      await create(join(directory, "archive.db"));
      return verifyArchive(directory).kind;
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it("is none before it has tables, and sound from then on", async () => {
    assert.equal(await kindIn(() => {}), "none");
    assert.equal(await kindIn((file) => writeFileSync(file, "")), "none");
    const withHeader = (file: string) => {
      const database = new DatabaseSync(file);
      database.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
      database.close();
    };
    assert.equal(await kindIn(withHeader), "none");
    const completeArchive = async (file: string) => {
      const options = {
        partitions: 1,
        clock: new VirtualTime(),
        source: () => assert.fail("nothing is packed"),
      };
      const archive = openArchiveInline(join(file, ".."), options);
      await archive.figures();
      await archive.close();
    };
    assert.equal(await kindIn(completeArchive), "sound");
    assert.equal(await kindIn((file) => writeFileSync(file, "not a database".repeat(999))), "damaged");
  });
});
