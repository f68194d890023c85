import type { RuleReport } from "./conformance.ts";

/** Renders the report of one rule as text. */
export function renderReport(report: RuleReport): string {
  const { id, kept, tookMs, rule, expected, found, remedy } = report;
  const head = `${kept ? "kept  " : "BROKEN"} ${id.padEnd(20)} ${String(tookMs).padStart(6)} ms`;
  if (kept) return head;
  const lines = [`rule      ${rule}`, `expected  ${expected}`, `got       ${found}`, `to do     ${remedy}`];
  return [head, ...lines.map((line) => `         ${line}`), ...printedBy(report)].join("\n");
}

/** Returns the output of the worker, indented. */
export function printedBy({ printed }: RuleReport): readonly string[] {
  if (printed.trim() === "") return [];
  return [
    "         printed",
    ...printed
      .trimEnd()
      .split("\n")
      .map((line) => `           | ${line}`),
  ];
}

export function renderSummary(reports: readonly RuleReport[]): string {
  const broken = reports.filter(({ kept }) => !kept);
  if (broken.length === 0) return `all ${reports.length} rules are kept`;
  return `${broken.length} of ${reports.length} rules are broken: ${broken.map(({ id }) => id).join(", ")}`;
}
