import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openApiDocument } from "@tutti/rest/openapi";
import { commandIn, pathIn } from "./in-namespace.ts";

interface Operation {
  readonly parameters?: readonly { readonly name?: string; readonly in?: string }[];
}

describe("a page with a namespace", () => {
  for (const [scenario, path, expected] of [
    ["says it", "/v1/runs", "/v1/runs?namespace=team-a"],
    ["says it behind other parameters", "/v1/runs?size=1", "/v1/runs?size=1&namespace=team-a"],
    ["says it once", "/v1/runs?namespace=other", "/v1/runs?namespace=other"],
    ["leaves out what is shared by all", "/v1/metrics/series?name=a", "/v1/metrics/series?name=a"],
    ["distinguishes names with the same prefix", "/v1/statuses", "/v1/statuses?namespace=team-a"],
  ] as const)
    it(scenario, () => assert.equal(pathIn("team-a", path), expected));

  it("adds the namespace to each route that takes one, and to no other", () => {
    const paths = openApiDocument({ version: "1" })["paths"] as Record<string, Record<string, Operation>>;
    const misled = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, { parameters = [] }]) => {
          const accepts = parameters.some(({ name, in: place }) => name === "namespace" && place === "query");
          const isAdded = pathIn("team-a", path) !== path;
          return accepts !== isAdded && !path.startsWith("/v1/metrics");
        })
        .map(([method]) => `${method} ${path}`),
    );
    assert.deepEqual(misled, []);
  });

  it("adds nothing for the default namespace", () => {
    assert.equal(pathIn("default", "/v1/runs"), "/v1/runs");
    assert.equal(commandIn("default", "tutti list"), "tutti list");
  });

  it("is the same as a command", () => {
    assert.equal(commandIn("team-a", "tutti list"), "tutti list --namespace team-a");
    assert.equal(commandIn("team-a", "tutti show r --namespace other"), "tutti show r --namespace other");
  });
});
