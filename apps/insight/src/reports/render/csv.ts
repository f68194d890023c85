import { csvLine } from "@tutti/kernel";
import type { ReportContent } from "../content.ts";

/** The tables, each after a line with its title. A report of one table is that table alone. */
export function csvOf({ sections }: ReportContent): string {
  const tables = sections.filter(({ columns }) => columns.length > 0);
  const texts = tables.map(({ title, columns, rows }) =>
    [...(tables.length > 1 ? [[title]] : []), columns, ...rows].map(csvLine).join("\r\n"),
  );
  return texts.length === 0 ? "" : `${texts.join("\r\n\r\n")}\r\n`;
}
