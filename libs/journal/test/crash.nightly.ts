import { describe, it } from "node:test";
import { killWriters } from "./crash.fixture.ts";

describe("a writer that is killed", () => {
  it("loses and duplicates nothing that it acknowledged, in twenty kills", () => killWriters(20, 5_000, 2));
});
