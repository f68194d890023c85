/** The result of a query, as a table, as a picture and as CSV. */

import { csvLine } from "@tutti/kernel/words";

export type Value = string | number | null;

export interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

export type Picture =
  | {
      readonly kind: "time";
      readonly atSec: readonly number[];
      readonly lines: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
    }
  | {
      readonly kind: "bars";
      readonly name: string;
      readonly bars: readonly { readonly label: string; readonly value: number }[];
    };

const barsMax = 20;
const linesMax = 6;
const timeForm = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/** Times in the first column make lines, other texts make bars. Undefined if no column has numbers. */
export function pictureOf({ columns, rows }: Result): Picture | undefined {
  if (rows.length < 2) return undefined;
  const numeric = columns.flatMap((name, at) =>
    rows.some((row) => typeof row[at] === "number") && rows.every((row) => typeof row[at] !== "string")
      ? [{ name, at }]
      : [],
  );
  const [first] = numeric;
  if (first === undefined) return undefined;
  const moments = rows.map(([value]) => momentOf(value));
  if (moments.every((moment) => moment !== undefined)) {
    const order = moments
      .map((atSec, at) => ({ atSec, row: rows[at] ?? [] }))
      .sort((one, other) => one.atSec - other.atSec);
    return {
      kind: "time",
      atSec: order.map(({ atSec }) => atSec),
      lines: numeric
        .slice(0, linesMax)
        .map(({ name, at }) => ({ name, values: order.map(({ row }) => numberOf(row[at])) })),
    };
  }
  if (numeric.some(({ at }) => at === 0)) return undefined;
  return {
    kind: "bars",
    name: first.name,
    bars: rows.slice(0, barsMax).map((row) => ({
      label: row.slice(0, first.at).map(textOf).join(" · ") || "none",
      value: numberOf(row[first.at]) ?? 0,
    })),
  };
}

export function textOf(value: Value | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

export function csvOf({ columns, rows }: Result): string {
  return `${[columns, ...rows].map(csvLine).join("\r\n")}\r\n`;
}

function momentOf(value: Value | undefined): number | undefined {
  if (typeof value !== "string" || !timeForm.test(value)) return undefined;
  const iso = value.replace(" ", "T");
  const ms = Date.parse(iso.length === 10 ? `${iso}T00:00Z` : `${iso}Z`);
  return Number.isNaN(ms) ? undefined : ms / 1_000;
}

function numberOf(value: Value | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
