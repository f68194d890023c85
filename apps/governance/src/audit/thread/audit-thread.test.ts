import assert from "node:assert/strict";
import { mkdir, mkdtempDisposable, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { signingKey } from "../book/book.fixture.ts";
import { namingFaults } from "../book/schema.ts";
import { AuditThread } from "./audit-thread.ts";

describe("the audit's thread", () => {
  it("reports why the book cannot be opened, and opens it as soon as possible", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-book-"));
    const file = join(folder.path, "book.sqlite");
    await mkdir(file);
    const thread = await AuditThread.at({ file, key: signingKey });
    try {
      await assert.rejects(thread.records(), /EISDIR/);
      await assert.rejects(thread.records(), /EISDIR/);
      await rmdir(file);
      assert.equal(await thread.records(), 0);
    } finally {
      await thread.stop();
    }
  });

  it("names a full disk", () => {
    const database = new DatabaseSync(":memory:");
    database.exec("PRAGMA max_page_count = 2; CREATE TABLE note (bytes BLOB)");
    assert.throws(
      () => namingFaults(() => database.prepare("INSERT INTO note VALUES (zeroblob(100000))").run()),
      {
        code: "audit.book_full",
      },
    );
    database.close();
  });
});
