import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkText } from "../index.ts";

describe("an older key of a definition", () => {
  it("keeps its meaning, and the check warns with the line and the replacement key", () => {
    const of = (key: string) => `workflow: a\ntasks:\n  one:\n    uses: a.b\n    ${key}: {duration: 2s}\n`;
    const [older, newer] = ["estimate", "cost"].map((key) =>
      checkText({ format: "yaml", text: of(key), fileName: "a.yaml" }),
    );
    assert.deepEqual(
      older?.problems.map(({ severity, code, line, message }) => [severity, code, line, message]),
      [["warning", "deprecated", 5, "`estimate` is deprecated, use `cost`"]],
    );
    assert.deepEqual(newer?.problems, []);
  });
});
