import { describe, it } from "node:test";
import { checkStories } from "./replay.fixture.ts";

describe("a bank that lives through anything", () => {
  for (let seed = 1; seed <= 5; seed++) {
    it(`is at every step what its history says (seed ${seed})`, () => checkStories(300, seed));
  }
});
