// @ts-check

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { run, treeOf } from "./tree.mjs";

const script = join(import.meta.dirname, "..", "certs.mjs");

describe("npm run certs", () => {
  it("makes missing files, renews on request, and says what to configure", async (t) => {
    const folder = treeOf(t, { ".keep": "" });
    const args = ["--out", join(folder, "certs"), "--services", "registry,workflow"];

    const first = await run(process.execPath, [script, ...args], {});
    assert.equal(first.code, 0, first.output);
    assert.match(first.output, /new certificates: registry, workflow/);
    assert.match(first.output, /mode: mutual[\s\S]*registry\.key/);
    assert.deepEqual(readdirSync(join(folder, "certs")).sort(), [
      "ca.crt",
      "ca.key",
      "registry.crt",
      "registry.key",
      "workflow.crt",
      "workflow.key",
    ]);

    const second = await run(process.execPath, [script, ...args], {});
    assert.match(second.output, /all certificates exist/);

    const renewed = await run(process.execPath, [script, ...args, "--rotate"], {});
    assert.match(renewed.output, /new certificates: registry, workflow/);
  });
});
