/** Texts of a report that all formats share. */
import { utcOf } from "@tutti/kernel";
import type { Cell, ReportContent, Section } from "../content.ts";

export const moment = (ms: number): string => utcOf(ms, "minute");

export function headOf({ namespace, kind, subject, fromMs, toMs }: ReportContent): string {
  const about = kind === "namespace" ? "" : `, ${kind} ${subject}`;
  return `Namespace ${namespace}${about}. From ${moment(fromMs)} to ${moment(toMs)}.`;
}

/** Returns the note below a table. Empty if the table is complete. */
export function noteOf({ columns, rows, cut, problem }: Section): string {
  if (problem !== undefined) return `This section could not be created: ${problem}`;
  if (cut) return `The first ${rows.length} rows. There are more.`;
  return columns.length > 0 && rows.length === 0 ? "No data in this period." : "";
}

/** Created for the first report: the data of ICU are 6 MiB, which a process without reports does not load. */
let numbers: Intl.NumberFormat | undefined;

export function cellText(value: Cell): string {
  if (value === null) return "";
  if (typeof value !== "number") return value;
  numbers ??= new Intl.NumberFormat("en", { maximumFractionDigits: 4 });
  return numbers.format(value);
}

/** Formats `failed_percent` as a heading. */
export function columnText(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
