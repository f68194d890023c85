import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Rest } from "./rest.ts";

describe("Rest", () => {
  it("is as old as the time that passed since it was made", () => {
    const time = new VirtualTime();
    const made = new Rest(time);
    time.advance(1_500);
    assert.equal(made.ageMs(), 1_500);
  });
});
