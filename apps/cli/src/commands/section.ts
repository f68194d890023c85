import type { Printer } from "../command/printer.ts";
import { drawJson } from "../terminal/json.ts";

/** A value under its name; nothing where there is none. */
export function section(print: Printer, name: string, value: unknown): void {
  if (value === undefined) return;
  const width = Math.min(print.width, 100) - 2;
  print.lines([
    "",
    print.style.dim(name),
    ...drawJson(value, { style: print.style, width }).map((line) => `  ${line}`),
  ]);
}
