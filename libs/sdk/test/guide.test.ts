import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { conformanceRules, handleConformance } from "../src/conformance/index.ts";
import { Worker } from "../src/index.ts";

describe("the guide to workers", () => {
  const page = readFileSync(new URL("../../../docs/guides/workers.md", import.meta.url), "utf8");

  it("has every rule of the conformance program, in its words", () => {
    for (const { id, rule } of conformanceRules) assert.ok(page.includes(`| \`${id}\` | ${rule} |`), id);
  });

  it("names every capability of the conformance program", () => {
    const handled: string[] = [];
    const worker = new Worker();
    worker.handle = (name: unknown) => {
      handled.push(String(name));
      return worker;
    };
    handleConformance(worker);
    for (const name of handled) assert.ok(page.includes(`| \`${name}\` |`), name);
  });
});
