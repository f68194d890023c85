import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { validate } from "@tutti/validation";
import { sarifOf } from "./sarif.ts";

describe("problems for forges", () => {
  it("tells the same as SARIF, each result with its rule and region", () => {
    const { problems } = validate([
      {
        ...{ format: "yaml", fileName: "./de finitions/order.yaml" },
        text: "workflow: order\ntasks:\n  one: {uses: a.b, needs: [two]}\n",
      },
    ]);
    const message = problems[0]?.message ?? "";
    const { runs, version } = sarifOf(problems, "1.2.3") as {
      readonly version: string;
      readonly runs: readonly {
        readonly tool: object;
        readonly results: readonly Record<string, unknown>[];
      }[];
    };
    assert.equal(version, "2.1.0");
    assert.deepEqual(runs[0]?.tool, {
      driver: { name: "tutti validate", version: "1.2.3", rules: [{ id: "unknown_task" }] },
    });
    const [{ message: text, ...result } = {}] = runs[0]?.results ?? [];
    assert.ok(String((text as { readonly text?: string }).text).includes(message));
    assert.deepEqual(result, {
      ...{ ruleId: "unknown_task", ruleIndex: 0, level: "error" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "de%20finitions/order.yaml" },
            region: { startLine: 3, startColumn: 28 },
          },
        },
      ],
    });
  });
});
