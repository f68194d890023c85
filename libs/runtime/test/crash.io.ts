import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { killBanks } from "./crash.fixture.ts";

describe("a bank that is killed under load", () => {
  it("loses and duplicates nothing in three kills", async () => {
    const { acknowledged } = await killBanks(3, 1);
    assert.ok(acknowledged > 0);
  });
});
