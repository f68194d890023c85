import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Damage } from "./archive-damage.fixture.ts";

describe("a flipped bit in the archive's file", () => {
  it("is reported, or changes no answer", async () => {
    await using damage = await Damage.create(1);
    await damage.fill();
    const { reported } = await damage.flipBits(6);
    assert.ok(reported > 0);
  });

  it("in the SQLite WAL undoes no settled commit", async () => {
    await using damage = await Damage.create(2);
    for (let round = 0; round < 5; round++) {
      const { settled, committed, found, verification } = await damage.flipLog();
      assert.ok(found >= settled && found < committed, `${found} of ${committed} commits`);
      assert.match(
        verification,
        /The archive is damaged at .*archive\.db-wal, row \d+: a frame whose checksum/,
      );
    }
  });
});
