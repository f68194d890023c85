import { describe, it } from "node:test";
import { checkStories } from "./replay.fixture.ts";

describe("a bank that lives through anything", () => {
  for (let seed = 1; seed <= 5; seed++) {
    it(`matches its history at every step (seed ${seed})`, () => checkStories(300, seed));
  }
});
