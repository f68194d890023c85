/** Parameters of a query as values of fields. */
import { type FieldTable, wellKnown } from "../plan/schema.ts";
import { parseExactly } from "./exact.ts";
import type { Found } from "./found.ts";
import type { Draft, Reader } from "./reader.ts";

/** Returns the value of a parameter. Undefined if it is invalid. */
export function valueIn(
  field: FieldTable,
  texts: readonly string[],
  { reader, at, found }: { readonly reader: Reader; readonly at: string; readonly found: Found },
): unknown {
  if (field.of === wellKnown.selector) return selectorIn(texts);
  if (field.many === "list") {
    // No id, name or word has a comma.
    const isSplit = field.kind === "enum" || field.rule?.form !== undefined;
    const all = isSplit ? texts.flatMap((text) => text.split(",")) : texts;
    return reader.value(
      field,
      all.map((text) => plainIn(field, text)),
      at,
      found,
    );
  }
  const [text = "", ...others] = texts;
  if (others.length > 0) {
    found.add(at, `expected one value, got ${texts.length}`);
    return undefined;
  }
  if (field.kind !== "payload") return reader.value(field, plainIn(field, text), at, found);
  try {
    return reader.value(field, parseExactly(text), at, found);
  } catch {
    found.expected(at, "a JSON document", text);
    return undefined;
  }
}

/** Converts a text to the kind of the field, if possible. Otherwise it stays a text, and is refused as one. */
function plainIn({ kind }: FieldTable, text: string): unknown {
  switch (kind) {
    case "number":
    case "integer":
      return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
    case "time":
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text;
    default:
      return text;
  }
}

/** Parses `team=core` for a label with a value, `team` for any value, `!team` for none. */
function selectorIn(texts: readonly string[]): Draft {
  const equals: [string, string][] = [];
  const exists: string[] = [];
  const absent: string[] = [];
  for (const text of texts) {
    const at = text.indexOf("=");
    if (text.startsWith("!")) absent.push(text.slice(1));
    else if (at < 0) exists.push(text);
    else equals.push([text.slice(0, at), text.slice(at + 1)]);
  }
  return { equals: Object.fromEntries(equals), exists, absent };
}
