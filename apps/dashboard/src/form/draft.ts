import type { Draft, Field } from "./field.ts";

/** Returns the initial draft: the given value if it fits, otherwise the default of the schema. */
export function draftOf(field: Field, initial?: unknown): Draft {
  const value = initial === undefined ? field.preset : initial;
  switch (field.kind) {
    case "text":
      return { kind: "text", text: typeof value === "string" ? inputText(value, field.format) : "" };
    case "number":
      return { kind: "number", text: isNumber(value) ? String(value) : "" };
    case "flag":
      return { kind: "flag", value: typeof value === "boolean" ? value : field.required ? false : undefined };
    case "choice":
      return { kind: "choice", at: field.values.findIndex((each) => same(each, value)) };
    case "object":
      return objectDraft(field, value);
    case "list":
      return listDraft(field, value);
    case "variant": {
      const at =
        value === undefined
          ? 0
          : Math.max(
              0,
              field.variants.findIndex((each) => isMatch(each, value)),
            );
      return {
        kind: "variant",
        at,
        drafts: field.variants.map((each, index) => draftOf(each, index === at ? value : undefined)),
      };
    }
    case "raw":
      return { kind: "raw", text: value === undefined ? "" : JSON.stringify(value, null, 2) };
  }
}

function objectDraft(field: Field & { kind: "object" }, value: unknown): Draft {
  const own = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  const remaining = new Map(Object.entries(own));
  const fields: Record<string, Draft> = {};
  for (const [name, inner] of field.fields) {
    fields[name] = draftOf(inner, remaining.get(name));
    remaining.delete(name);
  }
  const { others } = field;
  const otherDrafts =
    others === undefined
      ? []
      : [...remaining].map(([name, each]) => ({ name, draft: draftOf(others, each) }));
  return { kind: "object", fields, others: otherDrafts };
}

function listDraft({ item, minItems }: Field & { kind: "list" }, value: unknown): Draft {
  const items = Array.isArray(value) ? value.map((each: unknown) => draftOf(item, each)) : [];
  while (items.length < minItems) items.push(draftOf(item));
  return { kind: "list", items };
}

/** Returns true if this field could have produced the value. Precise enough to choose among alternatives. */
function isMatch(field: Field, value: unknown): boolean {
  switch (field.kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return isNumber(value);
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return field.values.some((each) => same(each, value));
    case "list":
      return Array.isArray(value);
    case "object":
      return isObjectMatch(field, value);
    case "variant":
      return field.variants.some((each) => isMatch(each, value));
    case "raw":
      return true;
  }
}

function isObjectMatch(field: Field & { kind: "object" }, value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = new Map(Object.entries(value));
  const known = new Map(field.fields);
  if (field.others === undefined && [...entries.keys()].some((name) => !known.has(name))) return false;
  return field.fields.every(([name, inner]) =>
    entries.has(name) ? isMatch(inner, entries.get(name)) : !inner.required,
  );
}

const isNumber = (value: unknown): boolean => typeof value === "number" || typeof value === "bigint";

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Browser inputs have times without a zone: they are shown in the user's zone, and converted back. */
function inputText(value: string, format: string): string {
  if (format !== "date-time") return value;
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return value;
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
