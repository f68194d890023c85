import { describe, it } from "node:test";
import { checkStories } from "./replay.fixture.ts";

describe("a bank that lives through anything", () => {
  it("is at every step what its history says", () => checkStories(12, 20_261_120));
});
