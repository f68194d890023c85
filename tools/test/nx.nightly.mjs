// @ts-check

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copyOfWorkspace, runIn } from "./tree.mjs";

const nx = "node_modules/nx/dist/bin/nx.js";

describe("nx", () => {
  it("knows every project, its targets, and who needs whom", async (t) => {
    const copy = copyOfWorkspace(t);
    const { code, output } = await runIn(copy, nx, "graph", "--file=graph.json");
    assert.equal(code, 0, output);
    const { graph } = JSON.parse(readFileSync(join(copy, "graph.json"), "utf8"));
    const targets = new Set(Object.values(graph.nodes).flatMap(({ data }) => Object.keys(data.targets)));
    for (const target of ["gen", "typecheck", "lint", "test", "build", "bench"])
      assert.ok(targets.has(target), target);
    const needed = graph.dependencies["@tutti/platform"].map(
      (/** @type {{ target: string }} */ { target }) => target,
    );
    assert.ok(needed.includes("@tutti/registry"), needed.join());
  });

  it("names what a change affects, and nothing else", async (t) => {
    const copy = copyOfWorkspace(t);
    const { output } = await runIn(
      copy,
      nx,
      "show",
      "projects",
      "--affected",
      "--files=libs/bus/src/index.ts",
    );
    const affected = output.trim().split("\n");
    for (const project of ["@tutti/bus", "@tutti/host", "@tutti/platform"])
      assert.ok(affected.includes(project), output);
    for (const project of ["@tutti/kernel", "@tutti/contracts", "@tutti/nats"])
      assert.ok(!affected.includes(project), output);
  });

  it("builds a service once, and gives its bundle back from the cache", async (t) => {
    const copy = copyOfWorkspace(t);
    const bundle = join(copy, "apps/registry/dist/main.mjs");
    const first = await runIn(copy, nx, "build", "@tutti/registry");
    assert.equal(first.code, 0, first.output);
    assert.ok(existsSync(bundle));
    rmSync(join(copy, "apps/registry/dist"), { recursive: true });
    const second = await runIn(copy, nx, "build", "@tutti/registry");
    assert.match(second.output, /existing outputs match the cache|\[local cache\]|2\/2 hit/i);
    assert.ok(existsSync(bundle));
  });
});
