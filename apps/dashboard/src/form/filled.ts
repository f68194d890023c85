import { jsonOf } from "../run/json/parse.ts";
import type { Draft, Field, FieldProblem } from "./field.ts";

/** Result of a draft: a value, nothing if it was left empty, and its problems. */
export interface Filled {
  readonly value: unknown;
  readonly problems: readonly FieldProblem[];
}

const nothing: Filled = { value: undefined, problems: [] };

export function filled(field: Field, draft: Draft, path = ""): Filled {
  const wrong = (message: string): Filled => ({ value: undefined, problems: [{ path, message }] });
  const empty = field.required ? wrong(requestOf(field)) : nothing;
  if (field.kind === "text" && draft.kind === "text") return filledText(field, draft.text, empty, wrong);
  if (field.kind === "number" && draft.kind === "number")
    return filledNumber(field, draft.text, empty, wrong);
  if (field.kind === "flag" && draft.kind === "flag")
    return draft.value === undefined ? empty : { value: draft.value, problems: [] };
  if (field.kind === "choice" && draft.kind === "choice")
    return draft.at < 0 || draft.at >= field.values.length
      ? empty
      : { value: field.values[draft.at], problems: [] };
  if (field.kind === "object" && draft.kind === "object") return filledObject(field, draft, path);
  if (field.kind === "list" && draft.kind === "list") return filledList(field, draft, path);
  if (field.kind === "variant" && draft.kind === "variant") {
    const [inner, chosen] = [field.variants[draft.at], draft.drafts[draft.at]];
    return inner === undefined || chosen === undefined ? empty : filled(inner, chosen, path);
  }
  // The whole input may be empty. The platform validates it.
  if (field.kind === "raw" && draft.kind === "raw")
    return filledRaw(draft.text, path === "" ? nothing : empty, wrong);
  throw new Error(`expected a draft of a ${field.kind}, got one of a ${draft.kind}`);
}

type Wrong = (message: string) => Filled;

/** Returns what to do about an empty field. */
function requestOf(field: Field): string {
  if (field.kind === "number") return numberRequest(field);
  if (field.kind === "choice" || field.kind === "variant") return "Select a value.";
  if (field.kind === "flag") return "Select or clear this box.";
  if (field.kind === "raw") return jsonRequest;
  return (field.kind === "text" && requests[field.format]) || "Enter a value.";
}

const jsonRequest = "Enter a value as JSON. Put text in double quotes.";
const numberRequest = ({ integer }: Field & { kind: "number" }): string =>
  integer ? "Enter a whole number." : "Enter a number.";

/** What to enter, by the format of a text. */
const requests: Readonly<Record<string, string>> = {
  email: "Enter an address, such as name@example.org.",
  uri: "Enter an address, such as https://example.org.",
  uuid: "Enter a UUID, such as 0192d3a4-5b6c-7d8e-9f01-23456789abcd.",
  date: "Enter a date, such as 2026-11-20.",
  "date-time": "Enter a date and a time.",
};

function filledText(field: Field & { kind: "text" }, text: string, empty: Filled, wrong: Wrong): Filled {
  const { format, minLength, maxLength, pattern } = field;
  if (text === "") return empty;
  if (text.length < minLength) return wrong(`Enter at least ${minLength} characters, got ${text.length}.`);
  if (text.length > maxLength) return wrong(`Enter at most ${maxLength} characters, got ${text.length}.`);
  if (pattern !== "" && !matches(pattern, text)) return wrong(`Enter text of this form: ${pattern}`);
  if (format === "date-time") {
    const at = new Date(text);
    return Number.isNaN(at.getTime())
      ? wrong(requests[format] ?? "")
      : { value: at.toISOString(), problems: [] };
  }
  return formats[format]?.(text) === false ? wrong(requests[format] ?? "") : { value: text, problems: [] };
}

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text),
};

/** A pattern that this browser does not understand is left to the platform. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

function filledNumber(field: Field & { kind: "number" }, text: string, empty: Filled, wrong: Wrong): Filled {
  const { integer, minimum, maximum, above, below, multipleOf } = field;
  if (text.trim() === "") return empty;
  const value = Number(text);
  if (Number.isNaN(value)) return wrong(numberRequest(field));
  if (value < minimum) return wrong(`Enter a number of at least ${minimum}.`);
  if (value > maximum) return wrong(`Enter a number of at most ${maximum}.`);
  if (!Number.isFinite(value)) return wrong("Enter a number nearer to zero.");
  if (value <= above) return wrong(`Enter a number above ${above}.`);
  if (value >= below) return wrong(`Enter a number below ${below}.`);
  if (integer && !Number.isInteger(value)) return wrong(numberRequest(field));
  if (integer && !Number.isSafeInteger(value)) return filledInteger(field, text, wrong);
  const times = multipleOf === 0 ? 0 : value / multipleOf;
  if (Math.abs(times - Math.round(times)) > 1e-9) return wrong(`Enter a multiple of ${multipleOf}.`);
  return { value, problems: [] };
}

/** JSON would contain another number than the text. */
function filledInteger(field: Field & { kind: "number" }, text: string, wrong: Wrong): Filled {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) return wrong("Enter the digits of the whole number.");
  const value = BigInt(text.replace("+", ""));
  const { multipleOf } = field;
  if (Number.isSafeInteger(multipleOf) && multipleOf !== 0 && value % BigInt(multipleOf) !== 0n)
    return wrong(`Enter a multiple of ${multipleOf}.`);
  return { value, problems: [] };
}

function filledRaw(text: string, empty: Filled, wrong: Wrong): Filled {
  if (text.trim() === "") return empty;
  const parsed = jsonOf(text);
  return "problem" in parsed ? wrong(parsed.problem) : { value: parsed.value, problems: [] };
}

function filledObject(
  field: Field & { kind: "object" },
  draft: Draft & { kind: "object" },
  path: string,
): Filled {
  const values = new Map<string, unknown>();
  const problems: FieldProblem[] = [];
  const add = (name: string, inner: Field, own: Draft | undefined) => {
    if (own === undefined) return;
    const found = filled(inner, own, path === "" ? name : `${path}.${name}`);
    problems.push(...found.problems);
    if (found.value !== undefined) values.set(name, found.value);
  };
  for (const [name, inner] of field.fields) add(name, inner, draft.fields[name]);
  for (const { name, draft: own } of draft.others) {
    if (field.others === undefined || name === "") continue;
    if (values.has(name)) problems.push({ path, message: `Enter another name: ${name} is used twice.` });
    else add(name, field.others, own);
  }
  // An optional object that was not touched is left out, with the required fields in it.
  if (!field.required && values.size === 0 && isUntouched(draft)) return nothing;
  // Made of entries: a name such as `__proto__` is one like any other.
  return { value: Object.fromEntries(values), problems };
}

function filledList(field: Field & { kind: "list" }, draft: Draft & { kind: "list" }, path: string): Filled {
  const found = draft.items.map((each, index) => filled(field.item, each, `${path}[${index}]`));
  const problems = found.flatMap((each) => each.problems);
  const { length } = draft.items;
  if (length === 0 && !field.required) return nothing;
  if (length < field.minItems)
    problems.push({ path, message: `Add entries: at least ${field.minItems}, got ${length}.` });
  if (length > field.maxItems)
    problems.push({ path, message: `Remove entries: at most ${field.maxItems}, got ${length}.` });
  return { value: found.map(({ value }) => value ?? null), problems };
}

function isUntouched(draft: Draft): boolean {
  switch (draft.kind) {
    case "text":
    case "number":
    case "raw":
      return draft.text.trim() === "";
    case "flag":
      return draft.value !== true;
    case "choice":
      return draft.at < 0;
    case "object":
      return Object.values(draft.fields).every(isUntouched) && draft.others.length === 0;
    case "list":
      return draft.items.every(isUntouched);
    case "variant":
      return draft.drafts.every(isUntouched);
  }
}

/**
 * Returns the platform's problems with paths of the form: `input.items[0].price` is `items[0].price` of the input.
 */
export function problemsUnder(
  prefixes: readonly string[],
  fields: readonly { readonly field: string; readonly message: string }[],
): readonly FieldProblem[] {
  return fields.flatMap(({ field, message }) => {
    const prefix = prefixes.find(
      (each) => field === each || field.startsWith(`${each}.`) || field.startsWith(`${each}[`),
    );
    if (prefix === undefined) return [];
    return [{ path: field.slice(prefix.length).replace(/^\./, ""), message }];
  });
}

/** Returns the problems of an input that is one text, one line each. */
export function problemText(problems: readonly FieldProblem[]): string | undefined {
  if (problems.length === 0) return undefined;
  return problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("\n");
}
