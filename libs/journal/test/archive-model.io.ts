import { describe, it } from "node:test";
import { archiveFixture } from "./archive.fixture.ts";
import { Comparison } from "./archive-model.fixture.ts";

describe("the archive on SQLite", () => {
  for (const seed of [1, 2, 3]) {
    it(`matches the model after any operations on both, from seed ${seed}`, () =>
      new Comparison(seed, (feed) => archiveFixture(1, feed)).run(60));
  }
});
