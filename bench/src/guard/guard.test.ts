import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Scenario } from "../scenario.ts";
import { guard } from "./guard.ts";

const scenario = (name: string): Scenario => ({
  name,
  about: "",
  goals: [],
  run: () => assert.fail("no time is left"),
});

describe("guard", () => {
  it("names the scenarios for which no time is left", async () => {
    const skipped: (readonly string[])[] = [];
    const options = {
      traces: undefined,
      withinMs: 0,
      onSkipped: (names: readonly string[]) => void skipped.push(names),
    };
    for await (const rows of guard([scenario("a"), scenario("b")], options)) assert.fail(`${rows}`);
    assert.deepEqual(skipped, [["a", "b"]]);
  });
});
