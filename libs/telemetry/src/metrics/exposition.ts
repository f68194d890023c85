/** The registry as text, in both formats that Prometheus reads. */
import type { MetricFamily } from "./registry.ts";

export type ExpositionFormat = "prometheus" | "openmetrics";

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Returns OpenMetrics if the scraper accepts it, otherwise the classic text format. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  return accept?.includes("application/openmetrics-text") ? "openmetrics" : "prometheus";
}

export function expose(families: readonly MetricFamily[], format: ExpositionFormat = "prometheus"): string {
  const lines: string[] = [];
  for (const family of families) appendFamily(lines, family, format);
  if (format === "openmetrics") lines.push("# EOF");
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function appendFamily(lines: string[], family: MetricFamily, format: ExpositionFormat): void {
  // OpenMetrics names a counter without the suffix of its samples.
  const shortened = format === "openmetrics" && family.kind === "counter";
  const name = shortened ? family.name.slice(0, -"_total".length) : family.name;
  lines.push(`# HELP ${name} ${escapeHelp(family.help, format)}`, `# TYPE ${name} ${family.kind}`);
  const header = lines.length;
  if (family.kind === "histogram") {
    for (const { text, cell } of family.series()) appendHistogram(lines, family.name, text, cell);
  } else {
    for (const { text, cell } of family.series()) lines.push(sample(family.name, text, cell.read()));
  }
  if (lines.length === header) lines.length -= 2;
}

interface Counted {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  readonly sum: number;
}

function appendHistogram(lines: string[], name: string, text: string, cell: Counted): void {
  const prefix = text === "" ? "" : `${text},`;
  let cumulative = 0;
  for (const [bucket, count] of cell.counts.entries()) {
    cumulative += count;
    const bound = cell.bounds[bucket] ?? Number.POSITIVE_INFINITY;
    lines.push(`${name}_bucket{${prefix}le="${formatBound(bound)}"} ${cumulative}`);
  }
  lines.push(sample(`${name}_sum`, text, cell.sum), sample(`${name}_count`, text, cumulative));
}

function sample(name: string, text: string, value: number): string {
  return text === "" ? `${name} ${spellNumber(value)}` : `${name}{${text}} ${spellNumber(value)}`;
}

function spellNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

/** Writes `1.0` and not `1`, so that a series has the same name in both formats. */
export function formatBound(bound: number): string {
  return Number.isInteger(bound) && Math.abs(bound) < 1e21 ? `${bound}.0` : spellNumber(bound);
}

function escapeHelp(help: string, format: ExpositionFormat): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").toWellFormed();
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped;
}
