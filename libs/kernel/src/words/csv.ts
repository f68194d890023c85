export type CsvValue = string | number | null | undefined;

/** Returns a line of CSV (RFC 4180). A text that a spreadsheet would compute starts with an apostrophe. */
export function csvLine(values: readonly CsvValue[]): string {
  return values.map(cellOf).join();
}

function cellOf(value: CsvValue): string {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
