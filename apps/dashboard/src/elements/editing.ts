/** Places in a text that is written. */
import type { Problem } from "@tutti/rest/types";
import type { PageError } from "../data/send.ts";

/** Position of a line and a column, both counted from 1. Beyond the end, the end. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const before = lines.slice(0, Math.max(0, line - 1)).reduce((sum, each) => sum + each.length + 1, 0);
  const own = lines[line - 1]?.length ?? 0;
  return Math.min(text.length, before + Math.min(own, Math.max(0, column - 1)));
}

/** Moves the cursor to the place of a problem. A problem without a place is at the start. */
export function focusProblem(
  area: HTMLTextAreaElement | null,
  text: string,
  { line = 1, column = 1 }: Problem,
): void {
  const offset = offsetOf(text, line, column);
  area?.focus();
  area?.setSelectionRange(offset, offset);
}

/** Two more spaces before the line that a place is in. */
export function indented(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return `${text.slice(0, start)}  ${text.slice(start)}`;
}

/** A refusal names each problem by `file:line:column`, or by a path. */
export function problemsOfRefusal({ fields }: PageError): readonly Problem[] {
  return fields.map(({ field, message }) => {
    const place = /(\d+):(\d+)$/.exec(field);
    return {
      severity: "error",
      message,
      ...(place === null ? { path: field } : { line: Number(place[1]), column: Number(place[2]) }),
    };
  });
}
