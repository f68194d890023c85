/** Renders the report as one page without scripts and network requests, so that it can be stored with a build. */
import { durationText } from "@tutti/kernel";
import type { Bar } from "./histogram.ts";
import type { LatencyJson, Report, SummaryJson } from "./report.ts";
import type { Verdict } from "./thresholds.ts";

export function reportHtml(report: Report): string {
  const { load, description, passed, stopped, total, items, thresholds, failures } = report;
  const outcome = passed ? "passed" : stopped ? "stopped" : "failed";
  const seconds = (report.durationMs / 1000).toFixed(0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(load)}: ${outcome}</title>
<style>${style}</style>
</head>
<body>
<h1>${text(load)} <span class="${passed ? "good" : "bad"}">${outcome}</span></h1>
<p>${text(description)}</p>
<p>${total.due} starts in ${seconds} s, ${number(total.endedPerS)} completed per second, ${percent(total.errorShare)} errors, ${total.dropped} dropped.</p>
${thresholds.length === 0 ? "" : `<h2>Thresholds</h2>${table(["threshold", "limit", "found", ""], thresholds.map(verdictRow))}`}
<h2>Latency</h2>
${table(
  ["", "count", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"],
  [
    ...latencyRows("", total),
    ...(items.length < 2 ? [] : items.flatMap((item) => latencyRows(item.name, item))),
  ],
)}
<h2>Distribution of run times</h2>
${histogram(total.run.bars)}
<h2>Over time</h2>
${overTime(report)}
${
  failures.length === 0
    ? ""
    : `<h2>Errors</h2>${table(
        ["code", "count", "first message"],
        failures.map(({ code, count, message }) => [text(code), String(count), text(message)]),
      )}`
}
<p class="dim">Latency counts from the moment at which a start was due. This process was ${ms(report.lagP99Ms)} late at p99.</p>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem .2rem 0; text-align: right; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
.good { color: #1a7f37; } .bad { color: #cf222e; } .dim { opacity: .65; }
svg { width: 100%; height: auto; } rect { fill: #4078c0; } polyline { fill: none; stroke-width: 2; }
text { font: 11px system-ui, sans-serif; fill: currentColor; }
`;

function verdictRow({ name, unit, limit, found, holds }: Verdict): readonly string[] {
  const format = (value: number): string =>
    unit === "ms" ? ms(value) : unit === "share" ? percent(value) : `${number(value)}/s`;
  const mark = holds ? '<span class="good">✓</span>' : '<span class="bad">✗</span>';
  return [text(name), `${unit === "perSecond" ? "≥" : "≤"} ${format(limit)}`, format(found), mark];
}

function latencyRows(name: string, { start, run }: SummaryJson): readonly (readonly string[])[] {
  const row = (measure: string, latency: LatencyJson): readonly string[] => [
    text(name === "" ? measure : `${name}: ${measure}`),
    String(latency.count),
    ...[latency.meanMs, latency.p50Ms, latency.p90Ms, latency.p95Ms].map(ms),
    ...[latency.p99Ms, latency.p999Ms, latency.maxMs].map(ms),
  ];
  return [row("start", start), row("run", run)];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table>${cells(heads, "th")}${rows.map((row) => cells(row, "td")).join("")}</table>`;
}

const [width, height] = [920, 180];

function histogram(bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const each = width / Math.max(1, bars.length);
  const elements = bars.map(({ fromMs, toMs, count }, at) => {
    const tall = (count / most) * (height - 20);
    const place = `x="${(at * each).toFixed(1)}" y="${(height - 20 - tall).toFixed(1)}"`;
    const size = `width="${Math.max(1, each - 1).toFixed(1)}" height="${tall.toFixed(1)}"`;
    return `<rect ${place} ${size}><title>${ms(fromMs)} to ${ms(toMs)}: ${count}</title></rect>`;
  });
  const [first, last] = [bars[0], bars.at(-1)];
  return svg(
    `${elements.join("")}<text x="0" y="${height - 4}">${ms(first?.fromMs ?? 0)}</text><text x="${width}" y="${height - 4}" text-anchor="end">${ms(last?.toMs ?? 0)}</text>`,
  );
}

/** Charts due and completed starts per slice, and the p99 of run times, each on its own scale. */
function overTime({ slices }: Report): string {
  const lines = [
    { name: "due", colour: "#8250df", values: slices.map(({ due }) => due), shown: number },
    { name: "completed", colour: "#1a7f37", values: slices.map(({ completed }) => completed), shown: number },
    { name: "run p99", colour: "#bf5700", values: slices.map(({ runP99Ms }) => runP99Ms), shown: ms },
  ];
  const counts = Math.max(1, ...slices.map(({ due, completed }) => Math.max(due, completed)));
  const elements = lines.map(({ name, colour, values, shown }, at) => {
    const most = Math.max(1e-9, ...values);
    const scale = name === "run p99" ? most : counts;
    const step = width / Math.max(1, values.length - 1);
    const points = values.map(
      (value, place) =>
        `${(place * step).toFixed(1)},${(height - 20 - (value / scale) * (height - 40)).toFixed(1)}`,
    );
    return `<polyline stroke="${colour}" points="${points.join(" ")}"/><text x="${at * 220}" y="${height - 4}" style="fill:${colour}">${name}, at most ${shown(most)}</text>`;
  });
  return svg(elements.join(""));
}

function svg(content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${content}</svg>`;
}

function ms(value: number): string {
  return value < 100 ? `${value.toFixed(value >= 10 ? 1 : 2)} ms` : durationText(value);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function text(raw: string): string {
  return raw.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
