import type { Draft, Field } from "./field.ts";

/** Returns the initial draft: the given value if it fits, otherwise the default of the schema. */
export function draftOf(field: Field, given?: unknown): Draft {
  const value = given === undefined ? field.preset : given;
  switch (field.kind) {
    case "text":
      return { kind: "text", text: typeof value === "string" ? shownText(value, field.format) : "" };
    case "number":
      return { kind: "number", text: typeof value === "number" ? String(value) : "" };
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
              field.variants.findIndex((each) => fits(each, value)),
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
  const given = new Map(Object.entries(own));
  const fields: Record<string, Draft> = {};
  for (const [name, inner] of field.fields) {
    fields[name] = draftOf(inner, given.get(name));
    given.delete(name);
  }
  const { others } = field;
  const beside =
    others === undefined ? [] : [...given].map(([name, each]) => ({ name, draft: draftOf(others, each) }));
  return { kind: "object", fields, others: beside };
}

function listDraft({ item, minItems }: Field & { kind: "list" }, value: unknown): Draft {
  const items = Array.isArray(value) ? value.map((each: unknown) => draftOf(item, each)) : [];
  while (items.length < minItems) items.push(draftOf(item));
  return { kind: "list", items };
}

/** Returns true if this field could have produced the value. Precise enough to choose among alternatives. */
function fits(field: Field, value: unknown): boolean {
  switch (field.kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return field.values.some((each) => same(each, value));
    case "list":
      return Array.isArray(value);
    case "object":
      return fitsObject(field, value);
    case "variant":
      return field.variants.some((each) => fits(each, value));
    case "raw":
      return true;
  }
}

function fitsObject(field: Field & { kind: "object" }, value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const given = new Map(Object.entries(value));
  const known = new Map(field.fields);
  if (field.others === undefined && [...given.keys()].some((name) => !known.has(name))) return false;
  return field.fields.every(([name, inner]) =>
    given.has(name) ? fits(inner, given.get(name)) : !inner.required,
  );
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Browser inputs have times without a zone: they are shown in the user's zone, and converted back. */
function shownText(value: string, format: string): string {
  if (format !== "date-time") return value;
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return value;
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
