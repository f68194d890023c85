import type { Draft, Field } from "./field.ts";

/** What is filled in first: a value, where there is one that fits, else what the schema proposes. */
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

/** Returns whether a value looks like it was filled in by this field. Enough to tell forms from each other. */
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

/** Browsers fill a moment in without its zone: it is shown in the reader's own, and put back when it is taken. */
function shownText(value: string, format: string): string {
  if (format !== "date-time") return value;
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return value;
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
