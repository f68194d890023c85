import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { platformOf } from "./clone.ts";

describe("the files of the platform", () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), "modules", "tutti");

  it("are next to the start of the platform in a package: its templates, its programs", () => {
    const place = {
      exists: (file: string) => file === join(root, "platform", "start.mjs"),
      workingDirectory: "/",
    };
    const platform = platformOf(place, "it", pathToFileURL(join(root, "dist", "chunks", "a.mjs")).href);
    assert.equal(platform.examples, join(root, "platform", "examples"));
    assert.equal(platform.pathOf("cluster"), join(root, "platform", "cluster.mjs"));
  });

  it("are the sources in a clone", () => {
    const platform = platformOf({ exists: existsSync, workingDirectory: "/" }, "it");
    assert.equal(platform.examples, join(clone, "examples"));
    assert.equal(platform.pathOf("cluster"), join(clone, "apps/cluster/src/program.ts"));
  });
});

const clone = join(import.meta.dirname, "..", "..", "..", "..");
