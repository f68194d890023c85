import { csvLine } from "@tutti/kernel";
import type { ReportContent } from "../content.ts";

/** Returns the tables, each after a line with its title. A report with one table has no title line. */
export function csvOf({ sections }: ReportContent): string {
  const tables = sections.filter(({ columns }) => columns.length > 0);
  const texts = tables.map(({ title, columns, rows }) =>
    [...(tables.length > 1 ? [[title]] : []), columns, ...rows].map(csvLine).join("\r\n"),
  );
  return texts.length === 0 ? "" : `${texts.join("\r\n\r\n")}\r\n`;
}
