import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandIn, pathIn } from "./in-namespace.ts";

describe("what a page asks that looks into a namespace", () => {
  for (const [what, path, expected] of [
    ["says it", "/v1/runs", "/v1/runs?namespace=team-a"],
    ["says it behind other parameters", "/v1/runs?size=1", "/v1/runs?size=1&namespace=team-a"],
    ["says it once", "/v1/runs?namespace=other", "/v1/runs?namespace=other"],
    ["leaves out what is shared by all", "/v1/metrics/series?name=a", "/v1/metrics/series?name=a"],
    ["distinguishes names with the same prefix", "/v1/statuses", "/v1/statuses?namespace=team-a"],
  ] as const)
    it(what, () => assert.equal(pathIn("team-a", path), expected));

  it("is as ever in the usual one", () => {
    assert.equal(pathIn("default", "/v1/runs"), "/v1/runs");
    assert.equal(commandIn("default", "tutti list"), "tutti list");
  });

  it("is the same as a command", () => {
    assert.equal(commandIn("team-a", "tutti list"), "tutti list --namespace team-a");
    assert.equal(commandIn("team-a", "tutti show r --namespace other"), "tutti show r --namespace other");
  });
});
