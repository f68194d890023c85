import { describe, it } from "node:test";
import { archiveFixture } from "./archive.fixture.ts";
import { Comparison } from "./archive-model.fixture.ts";

describe("the archive on SQLite", () => {
  it("matches the model after any operations on both, from fifteen seeds", async () => {
    for (let seed = 100; seed < 115; seed++)
      await new Comparison(seed, (feed) => archiveFixture(1, feed)).run(150);
  });
});
