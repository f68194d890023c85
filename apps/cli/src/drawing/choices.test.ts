import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Choice } from "@tutti/rest/types";
import { withoutColours as style } from "../terminal/style.ts";
import { drawChoices } from "./choices.ts";

describe("the outcome of a choice", () => {
  for (const [realMs, text] of [
    [100, "100 ms, as expected"],
    [60, "60 ms, 40 % less than expected"],
    [140, "140 ms, 40 % more than expected"],
    [7_100, "7.1 s, 71 times the expected duration"],
  ] as const)
    it(`is printed next to the expectation: ${text}`, () => {
      const choice = {
        ...{ kind: "mode", chosen: 0, features: {}, outcome: { realMs } },
        candidates: [{ mode: "swarm", eligible: true, expectedMs: 100, highMs: 100 }],
      } as unknown as Choice;
      const lines = drawChoices([choice], { style, width: 100 }).map((line) => line.trim());
      assert.ok(lines.includes(`actual ${text}`), lines.join("\n"));
    });
});
