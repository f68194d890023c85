/** Paths to fields of a subject: `input.region`, `tasks[0].labels["my team"]`. */
import type { Json } from "@tutti/expressions";

export type FieldPath = readonly (string | number)[];

export type ReadPath =
  | { readonly kind: "read"; readonly path: FieldPath }
  | { readonly kind: "refused"; readonly message: string; readonly at: number };

const depthMax = 32;
const step = /(?:^|\.)([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]/y;

export function readPath(text: string): ReadPath {
  const path: (string | number)[] = [];
  step.lastIndex = 0;
  for (let at = 0; at < text.length; at = step.lastIndex) {
    step.lastIndex = at;
    const found = step.exec(text);
    if (found === null)
      return refused(`expected a field, \`[0]\` or \`["name"]\`, got ${text.slice(at, at + 20)}`, at);
    const [, name, index, quoted] = found;
    const part = name ?? (index === undefined ? unquoted(quoted) : Number(index));
    if (part === undefined) return refused("expected a text between quotation marks", at);
    // In JSON it is a field, in JavaScript it sets the prototype.
    if (part === "__proto__") return refused("expected another field than __proto__", at);
    path.push(part);
  }
  if (path.length === 0) return refused("expected a path, got nothing", 0);
  if (path.length > depthMax) return refused(`expected at most ${depthMax} steps, got ${path.length}`, 0);
  return { kind: "read", path };
}

export type Changed =
  | { readonly kind: "changed"; readonly value: Json }
  | { readonly kind: "refused"; readonly message: string };

/** Returns the subject with another value at a path. Missing objects are created, missing lists are not. */
export function changedAt(subject: Json | undefined, path: FieldPath, value: Json): Changed {
  const [part, ...others] = path;
  if (part === undefined) return { kind: "changed", value };
  if (typeof part === "number") {
    if (!Array.isArray(subject)) return wrong("a list", subject);
    if (part >= subject.length)
      return { kind: "refused", message: `expected an item ${part}, got ${subject.length} items` };
    const changed = changedAt(subject[part] as Json, others, value);
    return changed.kind === "refused"
      ? changed
      : { kind: "changed", value: subject.with(part, changed.value) };
  }
  const within = subject ?? {};
  if (typeof within !== "object" || Array.isArray(within)) return wrong("an object", within);
  const fields = within as Readonly<Record<string, Json>>;
  const changed = changedAt(Object.hasOwn(fields, part) ? fields[part] : undefined, others, value);
  return changed.kind === "refused"
    ? changed
    : { kind: "changed", value: { ...fields, [part]: changed.value } };
}

function wrong(expected: string, found: Json | undefined): Changed {
  const foundText =
    found === undefined || found === null ? "nothing" : Array.isArray(found) ? "a list" : `a ${typeof found}`;
  return { kind: "refused", message: `expected ${expected}, got ${foundText}` };
}

function unquoted(quoted: string | undefined): string | undefined {
  try {
    return JSON.parse(quoted ?? "") as string;
  } catch {
    return;
  }
}

function refused(message: string, at: number): ReadPath {
  return { kind: "refused", message, at };
}
