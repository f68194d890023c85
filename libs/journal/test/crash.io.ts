import { describe, it } from "node:test";
import { killWriters } from "./crash.fixture.ts";

describe("a writer that is killed", () => {
  it("has lost and doubled nothing that it acknowledged, three times", () => killWriters(3, 300, 1));
});
