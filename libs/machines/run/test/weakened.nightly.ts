import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findWeakening, runWeakenings } from "../src/testing/index.ts";
import { others } from "./receivers.ts";

describe("drawn runs, of a machine that does something wrong", () => {
  for (const weakening of runWeakenings)
    for (const from of [0, 100_000])
      it(`find ${weakening.name} from ${from} on: ${weakening.about}`, () => {
        const found = findWeakening(weakening, from, others);
        assert.ok(
          found !== undefined,
          `expected one of ${weakening.foundWithin} runs to notice it, got none`,
        );
      });
});
