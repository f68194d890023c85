import type { Cell, ReportContent } from "../content.ts";

/**
 * The tables as RFC 4180 has them, each after a line with its title. A report of one table is that table alone. A text
 * that a spreadsheet would compute starts with an apostrophe.
 */
export function csvOf({ sections }: ReportContent): string {
  const tables = sections.filter(({ columns }) => columns.length > 0);
  const texts = tables.map(({ title, columns, rows }) =>
    [...(tables.length > 1 ? [[title]] : []), columns, ...rows]
      .map((row) => row.map(cell).join())
      .join("\r\n"),
  );
  return texts.length === 0 ? "" : `${texts.join("\r\n\r\n")}\r\n`;
}

function cell(value: Cell): string {
  const text = value === null ? "" : String(value);
  const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
