import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { copyOfWorkspace, runIn, write } from "../test/tree.mjs";

describe("the reference", () => {
  it("is out of date as soon as anything new is declared, wherever that is", async (t) => {
    const copy = copyOfWorkspace(t, (path) => !/\.(test|io|nightly)\.(ts|mjs)$/.test(path));
    write(copy, {
      "libs/kernel/src/far/away/new-errors.ts": `import { defineErrors } from "../../errors/catalogue.ts";
export const newErrors = defineErrors("far", { off: { status: "ABORTED", retry: "never", help: "h", message: () => "m", remedy: "Retry." } });`,
      "apps/registry/src/effects/new-section.ts": `import { defineSection } from "@tutti/kernel";
import { z } from "zod";
export const newSection = defineSection({ scope: "engines", name: "far", schema: z.object({ off: z.boolean().default(true).describe("d") }) });`,
      "libs/bus/src/new-metric.ts": `import type { Metrics } from "@tutti/kernel";
export const far = (metrics: Metrics) => metrics.gauge({ name: "tutti_far_off_bytes", help: "How far off." });`,
    });
    const { code, output } = await runIn(copy, "tools/reference.mjs", "--check");
    assert.equal(code, 1, output);
    for (const page of ["errors.md", "configuration.md", "tutti.schema.json", "metrics.md"])
      assert.match(output, new RegExp(`docs/reference/${page}: out of date with the sources`));
    assert.doesNotMatch(output, /rpcs|events/);
  });
});
