import { describe, it } from "node:test";
import { killWriters } from "./crash.fixture.ts";

describe("a writer that is killed", () => {
  it("has lost and doubled nothing that it acknowledged, twenty times", () => killWriters(20, 5_000, 2));
});
