import type { ReportContent, Section } from "../content.ts";
import { cellText, columnText, headOf, noteOf } from "./texts.ts";

export function markdownOf(report: ReportContent): string {
  const parts = [`# ${line(report.title)}`, line(headOf(report)), ...report.sections.flatMap(sectionOf)];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function sectionOf(section: Section): string[] {
  const { title, text, columns, rows } = section;
  const row = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  const table =
    rows.length === 0
      ? ""
      : [
          row(columns.map(columnText)),
          `|${columns.map((_, at) => (typeof rows[0]?.[at] === "number" ? "---:|" : "---|")).join("")}`,
          ...rows.map((cells) => row(cells.map(cellText))),
        ].join("\n");
  return [`## ${line(title)}`, text, table, line(noteOf(section))];
}

const line = (text: string): string => text.replaceAll(/\s+/g, " ");

/** Escapes text of a user, so that it neither ends a cell nor is read as markup. */
function escaped(text: string): string {
  return line(text).replaceAll(/[\\`*_{}[\]<>|#~]/g, (sign) => `\\${sign}`);
}
