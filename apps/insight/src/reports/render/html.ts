/** A self-contained page without scripts and external resources. On paper it is A4. */
import type { Line, ReportContent, Section } from "../content.ts";
import { cellText, columnText, headOf, moment, noteOf } from "./texts.ts";

const style = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #1b1f27; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem; break-after: avoid; }
p { margin: .3rem 0; } .soft { color: #5a6270; } .problem { color: #a02020; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #dde1e7; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; overflow-wrap: normal; } tr { break-inside: avoid; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; white-space: nowrap; }
svg { width: 100%; height: 160px; margin: .6rem 0 .2rem; } .mark { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
@page { size: A4; margin: 16mm; } @media print { body { margin: 0; padding: 0; max-width: none; font-size: 12px; } }
`;
const colours = ["#2557d6", "#c2410c", "#15803d", "#7c3aed", "#be185d", "#0e7490", "#a16207", "#475569"];

export function htmlOf(report: ReportContent): string {
  const title = escaped(report.title);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${style}</style></head>
<body><h1>${title}</h1><p class="soft">${escaped(headOf(report))}</p>
${report.sections.map(sectionOf).join("\n")}
</body></html>
`;
}

function sectionOf(section: Section): string {
  const { title, text, rows, lines = [], problem } = section;
  const note = noteOf(section);
  return [
    `<section><h2>${escaped(title)}</h2>`,
    text === "" ? "" : `<p>${escaped(text)}</p>`,
    lines.length === 0 ? "" : drawLines(lines),
    rows.length === 0 ? "" : tableOf(section),
    note === "" ? "" : `<p class="${problem === undefined ? "soft" : "problem"}">${escaped(note)}</p>`,
    "</section>",
  ].join("");
}

function tableOf({ columns, rows, lines = [] }: Section): string {
  const isNumber = columns.map((_, at) => rows.some((row) => typeof row[at] === "number"));
  const of = (at: number) => (isNumber[at] ? ' class="number"' : "");
  const mark = (at: number) =>
    lines.length === 0 ? "" : `<span class="mark" style="background:${colours[at % colours.length]}"></span>`;
  const head = columns.map((name, at) => `<th scope="col"${of(at)}>${escaped(columnText(name))}</th>`);
  const body = rows.map((row, place) => {
    const cells = row.map(
      (value, at) => `<td${of(at)}>${at === 0 ? mark(place) : ""}${escaped(cellText(value))}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

const width = 800;
const height = 160;

/** Draws lines on a scale from zero to the highest value. */
function drawLines(lines: readonly Line[]): string {
  const all = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const [low, high] = [Math.min(0, ...all), Math.max(...all, 1e-9)];
  const startMs = Math.min(...lines.map((line) => line.startMs));
  const endMs = Math.max(
    ...lines.map((line) => line.startMs + line.stepMs * line.values.length),
    startMs + 1,
  );
  const paths = lines.map(({ startMs: firstMs, stepMs, values }, at) => {
    let isOpen = false;
    const steps = values.map((value, index) => {
      if (value === null) {
        isOpen = false;
        return "";
      }
      const x = ((firstMs + index * stepMs - startMs) / (endMs - startMs)) * width;
      const y = height - ((value - low) / (high - low)) * (height - 4) - 2;
      const step = `${isOpen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      isOpen = true;
      return step;
    });
    const colour = colours[at % colours.length];
    return `<path d="${steps.join("")}" fill="none" stroke="${colour}" stroke-width="1.5" vector-effect="non-scaling-stroke"/>`;
  });
  const label = `Lines from ${moment(startMs)} to ${moment(endMs)}, at most ${cellText(high)}`;
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${paths.join("")}</svg><p class="soft">${label}.</p>`;
}

function escaped(text: string): string {
  const marks: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (sign) => marks[sign] ?? sign);
}
