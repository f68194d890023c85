import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inMarkdown } from "./comments.mjs";
import { declaredMetrics } from "./metrics.mjs";

describe("metrics in the sources", () => {
  const metricsIn = (text) => declaredMetrics([{ path: "a.ts", file: "a.ts", text }]);

  it("are read from literals, constants, templates, and functions that declare several", () => {
    const metrics = metricsIn(`
      const slots = 32;
      const labels = ["service"] as const;
      metrics.counter({ name: "a_total", help: \`Of \${slots} slots.\`, labels });
      const bytes = { name: "b_bytes", help: "One " + "sentence." };
      registry.gauge(bytes).observe({}, () => 1);
      const cell = (name: string, help: string) => metrics.histogram({ name: \`c_\${name}_seconds\`, help, labels });
      cell("first", "First.");
      cell("second", "Second.");
      class Process { #gauge(name: string, help: string) { this.registry.gauge({ name, help }); }
        start() { this.#gauge("d_ratio", "A part."); } }`);
    assert.deepEqual(metrics, [
      { name: "a_total", kind: "counter", help: "Of 32 slots.", labels: ["service"], path: "a.ts" },
      { name: "b_bytes", kind: "gauge", help: "One sentence.", labels: [], path: "a.ts" },
      { name: "c_first_seconds", kind: "histogram", help: "First.", labels: ["service"], path: "a.ts" },
      { name: "c_second_seconds", kind: "histogram", help: "Second.", labels: ["service"], path: "a.ts" },
      { name: "d_ratio", kind: "gauge", help: "A part.", labels: [], path: "a.ts" },
    ]);
  });

  it("are refused where their names cannot be read", () => {
    assert.throws(() => metricsIn('metrics.gauge({ name: given(), help: "x" });'), /a\.ts: .*Write them out/);
  });

  it("are refused where one name is declared in two ways", () => {
    const twice = 'metrics.gauge({ name: "a", help: "x" }); metrics.gauge({ name: "a", help: "y" });';
    assert.throws(() => metricsIn(twice), /the metric a has another declaration/);
  });
});

describe("comments of the contracts", () => {
  it("become markdown: constants as code, drawings as they are, nothing taken for a tag", () => {
    assert.equal(
      inMarkdown("Ends with NOT_FOUND, or UNAVAILABLE, for <id>."),
      "Ends with `NOT_FOUND`, or `UNAVAILABLE`, for &lt;id&gt;.",
    );
    assert.equal(inMarkdown("States:\n\na ──► b"), "States:\n\n```text\na ──► b\n```");
    assert.equal(inMarkdown("`NOT_FOUND` and a.b_C stay"), "`NOT_FOUND` and a.b_C stay");
  });
});
