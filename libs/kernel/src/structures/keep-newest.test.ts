import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keepNewest } from "./keep-newest.ts";

describe("a map that keeps its newest entries", () => {
  it("removes the entry that was set first, and counts an entry that is set again as new", () => {
    const map = new Map<string, number>();
    for (const key of ["a", "b", "a", "c"]) keepNewest(map, key, map.size, 2);
    assert.deepEqual([...map.keys()], ["a", "c"]);
  });
});
