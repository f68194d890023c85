import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isServerAccepted } from "./version.ts";

describe("isServerAccepted", () => {
  const cases: readonly [string, boolean][] = [
    ["2.10.27", true],
    ["2.10.28", true],
    ["2.11.0", true],
    ["3.0.0", true],
    ["v2.12.1", true],
    ["2.10.27+build7", true],
    ["2.11.0-beta.1", true],
    ["2.10.27-RC.1", false],
    ["2.10.26", false],
    ["2.9.10", false],
    ["2.9.99", false],
    ["1.99.99", false],
    ["", false],
    ["unknown", false],
    ["2.10", false],
  ];
  for (const [version, accepted] of cases) {
    it(`${accepted ? "accepts" : "refuses"} ${JSON.stringify(version)}`, () => {
      assert.equal(isServerAccepted(version), accepted);
    });
  }
});
