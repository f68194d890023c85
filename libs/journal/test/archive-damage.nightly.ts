import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Damage } from "./archive-damage.fixture.ts";

describe("a flipped bit in the archive's file", () => {
  it("is reported, or changes no answer, a thousand times", async () => {
    for (let seed = 100; seed < 112; seed++) {
      await using damage = await Damage.create(seed);
      await damage.fill();
      const { reported } = await damage.flipBits(40);
      assert.ok(reported > 5);
    }
  });
});
