import { describe, it } from "node:test";
import { checkStories } from "./replay.fixture.ts";

describe("a bank that lives through anything", () => {
  it("matches its history at every step", () => checkStories(12, 20_261_120));
});
