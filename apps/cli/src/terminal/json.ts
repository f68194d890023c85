import type { Style } from "./style.ts";
import { safe, widthOf } from "./text.ts";

/** Draws a value as JSON with dim keys, on one line if it fits, otherwise on several lines. */
export function drawJson(
  value: unknown,
  { style, width }: { readonly style: Style; readonly width: number },
  indent = 0,
): string[] {
  const short = JSON.stringify(value) ?? "null";
  const room = Math.min(width, 100) - indent;
  if (typeof value !== "object" || value === null || widthOf(safe(short)) <= Math.min(room, 72))
    return [oneLine(value, style)];
  const isList = Array.isArray(value);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  const entries: [string, unknown][] = isList ? value.map((entry) => ["", entry]) : Object.entries(value);
  const lines = entries.flatMap(([key, inner], at) => {
    const [first = "", ...rest] = drawJson(inner, { style, width }, indent + 2);
    const name = isList ? "" : `${style.dim(safe(JSON.stringify(key)))}: `;
    const printed = [`  ${name}${first}`, ...rest.map((line) => `  ${line}`)];
    const comma = at < entries.length - 1 ? style.dim(",") : "";
    return printed.map((line, number) => (number === printed.length - 1 ? line + comma : line));
  });
  return [open, ...lines, close];
}

function oneLine(value: unknown, style: Style): string {
  if (typeof value === "string") return style.green(safe(JSON.stringify(value)));
  if (typeof value === "number" || typeof value === "boolean") return style.cyan(String(value));
  if (typeof value !== "object" || value === null) return style.dim("null");
  // A number with more digits than a double.
  if (JSON.isRawJSON(value)) return style.cyan(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map((item) => oneLine(item, style)).join(", ")}]`;
  const members = Object.entries(value).map(
    ([key, item]) => `${style.dim(safe(JSON.stringify(key)))}: ${oneLine(item, style)}`,
  );
  return `{${members.join(", ")}}`;
}
