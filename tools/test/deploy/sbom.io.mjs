// @ts-check

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needsCarried } from "../../carried.mjs";
import { billOf, npmPackagesOf } from "../../images/sbom.mjs";
import { treeOf } from "../tree.mjs";

const carried = await needsCarried();

describe("a bill of materials", () => {
  it("fits CycloneDX's schema", { skip: carried.skip }, () => {
    const bill = billOf({ name: "tutti", version: "1.2.3" }, [
      { kind: "deb", name: "libstdc++6", version: "14.2.0-19", architecture: "amd64", release: "trixie" },
      { kind: "generic", name: "nodejs", version: "24.0.0", license: "MIT" },
      { kind: "npm", name: "@grpc/grpc-js", version: "1.14.0", license: "Apache-2.0" },
      { kind: "npm", name: "either", version: "1.0.0", license: "(MIT OR Apache-2.0)" },
      { kind: "npm", name: "silent", version: "1.0.0" },
    ]);
    const schemas = join(carried.modules, "@cyclonedx", "cyclonedx-library", "res", "schema");
    const read = (/** @type {string} */ name) =>
      JSON.parse(readFileSync(join(schemas, `${name}.SNAPSHOT.schema.json`), "utf8"));
    const { Ajv } = carried.load("ajv");
    const ajv = new Ajv({ strict: false, validateFormats: false });
    for (const name of ["spdx", "jsf-0.82", "cryptography-defs"])
      ajv.addSchema(read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
    const fits = ajv.compile(read("bom-1.6"));
    assert.ok(fits(bill), JSON.stringify(fits.errors));
    assert.ok(!fits({ ...Object(bill), components: [{ name: "without a type" }] }));
  });

  it("has each package of npm that a file is of once, and none of the workspace's own", (t) => {
    const manifest = (/** @type {string} */ name) =>
      JSON.stringify({ name, version: "1.0.0", license: "MIT" });
    const root = treeOf(t, {
      "package.json": manifest("workspace"),
      "libs/own/package.json": manifest("@tutti/own"),
      "node_modules/one/package.json": manifest("one"),
      "node_modules/one/esm/package.json": '{"type": "module"}',
      "node_modules/@some/two/package.json": manifest("@some/two"),
    });
    const files = [
      "node_modules/one/a.js",
      "node_modules/one/esm/b.js",
      "node_modules/@some/two/c.js",
      "libs/own/d.ts",
    ];
    const found = npmPackagesOf(
      files.map((file) => join(root, file)),
      root,
    );
    assert.deepEqual(
      found.map(({ name, license }) => [name, license]),
      [
        ["@some/two", "MIT"],
        ["one", "MIT"],
      ],
    );
  });
});
