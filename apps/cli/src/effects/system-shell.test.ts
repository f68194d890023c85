import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasColours } from "./system-shell.ts";

describe("colours", () => {
  const cases: readonly (readonly [
    what: string,
    isTerminal: boolean,
    environment: Record<string, string>,
    has: boolean,
  ])[] = [
    ["on a terminal", true, {}, true],
    ["in a file", false, {}, false],
    ["on a terminal where NO_COLOR is set", true, { NO_COLOR: "1" }, false],
    ["on a terminal where NO_COLOR is empty", true, { NO_COLOR: "" }, true],
    ["on a terminal that can do nothing", true, { TERM: "dumb" }, false],
    ["in a file where they are forced", false, { FORCE_COLOR: "1" }, true],
    ["both are set: the forced colours win", false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    ["on a terminal where none are forced", true, { FORCE_COLOR: "0" }, false],
  ];
  for (const [title, isTerminal, environment, has] of cases)
    it(`${title}: ${has ? "there are some" : "there are none"}`, () =>
      assert.equal(hasColours(isTerminal, environment), has));
});
