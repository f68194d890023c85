/** Draws problems of a text at their position. */
import type { Style } from "./style.ts";
import { safe, widthOf } from "./text.ts";

export interface PlacedProblem {
  readonly severity: string;
  readonly fileName: string;
  /** From 1. 0: without a line. */
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  readonly expected: string;
}

/**
 * Draws `order.yaml:3:7: error: …`, which editors and terminals turn into a link, and the line of the source with a
 * caret at the column.
 */
export function drawProblem(
  problem: PlacedProblem,
  text: string,
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const { severity, fileName, line, column, path, message, expected } = problem;
  const place = line > 0 ? `${fileName}:${line}:${column}` : fileName;
  const isError = severity === "error";
  const kind = isError ? style.red("error") : style.yellow(severity);
  const about = path === "" ? "" : style.dim(`${safe(path)}: `);
  const expectation =
    expected === "" || message.includes(expected) ? "" : style.dim(` (expected ${safe(expected)})`);
  const head = `${style.bold(safe(place))}: ${kind}: ${about}${safe(message)}${expectation}`;
  const source = line > 0 ? text.split(/\r?\n/)[line - 1] : undefined;
  if (source === undefined || source.trim() === "") return [head];
  const number = String(line);
  const gutter = " ".repeat(number.length);
  const { shown, before } = cropped(source, Math.max(1, column), Math.max(20, width - number.length - 5));
  const caret = `${" ".repeat(widthOf(before))}${isError ? style.red("^") : style.yellow("^")}`;
  return [head, `  ${style.dim(`${number} │`)} ${shown}`, `  ${style.dim(`${gutter} │`)} ${caret}`];
}

/** Returns the part of a long line around its column. */
function cropped(
  source: string,
  column: number,
  room: number,
): { readonly shown: string; readonly before: string } {
  const line = safe(source);
  const at = column - 1;
  if (line.length <= room) return { shown: line, before: line.slice(0, at) };
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), line.length - room + 2));
  const head = from > 0 ? "…" : "";
  const tail = from + room - 2 < line.length ? "…" : "";
  return {
    shown: `${head}${line.slice(from, from + room - 2)}${tail}`,
    before: `${head}${line.slice(from, at)}`,
  };
}
