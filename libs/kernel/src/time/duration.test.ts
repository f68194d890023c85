import assert from "node:assert/strict";
import { it } from "node:test";
import { printElapsed } from "./duration.ts";

for (const [ms, text] of [
  [0, "0s"],
  [0.4, "0s"],
  [999.4, "999ms"],
  [1_500, "1s500ms"],
  [20_001, "20s"],
  [59_980.2, "1m"],
  [90_400, "1m30s"],
  [7_200_001, "2h"],
] as const)
  it(`a measured duration of ${ms} ms is printed as ${text}`, () => assert.equal(printElapsed(ms), text));
