import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { routes } from "@tutti/rest";
import { RouteTable } from "./route-table.ts";

function tableOf(...paths: readonly string[]): RouteTable<string> {
  const table = new RouteTable<string>();
  for (const path of paths) table.add({ method: "GET", path, value: path });
  return table;
}

describe("the table of routes", () => {
  it("finds every route of the API by its own path", () => {
    const table = new RouteTable<string>();
    for (const { method, path, name } of routes) table.add({ method, path, value: name });
    for (const { method, path, name } of routes) {
      const segments = path.slice("/v1/".length).split("/");
      assert.equal(table.find(method, segments)?.value, name);
    }
    assert.ok(table.shapes.length < 30, `${table.shapes.length} shapes`);
  });

  it("gives the pattern and the decoded parameters", () => {
    const found = tableOf("/v1/runs/{runId}/tasks/{task}").find("GET", ["runs", "a b", "tasks", "x/y"]);
    assert.deepEqual(found, {
      value: "/v1/runs/{runId}/tasks/{task}",
      pattern: "/v1/runs/:runId/tasks/:task",
      params: { runId: "a b", task: "x/y" },
    });
  });

  it("prefers a name to a parameter, and returns to the parameter if the name leads nowhere", () => {
    const table = tableOf("/v1/runs/{runId}", "/v1/runs/stats", "/v1/{kind}/stats/all");
    assert.equal(table.find("GET", ["runs", "stats"])?.value, "/v1/runs/stats");
    assert.equal(table.find("GET", ["runs", "stats2"])?.value, "/v1/runs/{runId}");
    assert.equal(table.find("GET", ["runs", "stats", "all"])?.value, "/v1/{kind}/stats/all");
  });

  it("finds nothing for another method, another length, or an empty parameter", () => {
    const table = tableOf("/v1/runs/{runId}");
    assert.equal(table.find("POST", ["runs", "a"]), undefined);
    assert.equal(table.find("GET", ["runs"]), undefined);
    assert.equal(table.find("GET", ["runs", "a", "b"]), undefined);
    assert.equal(table.find("GET", ["runs", ""]), undefined);
  });

  it("has one shape for each method and number of segments", () => {
    const table = tableOf("/v1/runs/{runId}", "/v1/tasks/{taskId}", "/v1/runs");
    assert.deepEqual(table.shapes, [
      { method: "GET", path: "/v1/:s1/:s2" },
      { method: "GET", path: "/v1/:s1" },
    ]);
  });

  it("refuses a second route for the same requests", () => {
    assert.throws(() => tableOf("/v1/runs/{runId}", "/v1/runs/{id}"), /two routes for GET/);
  });
});
