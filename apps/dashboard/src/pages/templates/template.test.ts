import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { templatesOf } from "./template.ts";

const examples = join(import.meta.dirname, "../../../../../examples");

describe("templates of the page", () => {
  const paths = globSync("{workflows,agents,missions,sessions}/*/*.{yaml,ts,mjs}", { cwd: examples });
  const templates = templatesOf(
    Object.fromEntries(paths.map((path) => [`../${path}`, readFileSync(join(examples, path), "utf8")])),
  );
  const named = (name: string) => templates.find((each) => each.name === name);

  it("have the names of the CLI and a description each", () => {
    for (const name of ["order", "agents/tool-loop", "missions/vote", "sessions/report"])
      assert.ok(named(name), name);
    assert.deepEqual(
      templates.filter(({ about }) => about === "").map(({ name }) => name),
      [],
    );
  });

  it("register the workflow after its children, and show it first", () => {
    const child = named("child");
    assert.deepEqual(
      child?.definitions.map((text) => /^workflow: (.+)$/m.exec(text)?.[1]),
      ["chapter", "child"],
    );
    assert.equal(child?.files[0]?.name, "workflow.yaml");
  });

  it("with a form are there for runs, missions and sessions", () => {
    const kinds = templates.filter(({ definitions }) => definitions.length > 0).map(({ kind }) => kind);
    assert.deepEqual([...new Set(kinds)], ["workflows", "agents", "missions", "sessions"]);
  });

  it("without a definition are programs", () => {
    assert.deepEqual(named("missions/vote")?.definitions, []);
  });
});
