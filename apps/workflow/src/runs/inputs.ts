/** Inputs of runs, compared with the schema of their definition. */
import type { Payload } from "@tutti/contracts/types/v1";
import { holdAgainst, holdInputAgainst } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { TuttiError } from "@tutti/kernel";
import { isStoredValue } from "@tutti/machine-work";
import { jsonOf } from "../api/payloads.ts";
import { requestErrors } from "../errors.ts";

/**
 * Returns the input with defaults filled in, or refuses it with each place.
 * @param field its name in the request, as violations have it
 */
export function holdInput(schema: Json, payload: Payload | undefined, field = "spec.input"): Payload {
  const given = payload && jsonOf(payload, field);
  const { value, violations } = holdInputAgainst(schema, given);
  requireNone(violations, field);
  // Untouched where no default was filled in, so that a number keeps the form in which it was written.
  if (value === given && payload !== undefined) return payload;
  return { body: { $case: "inline", value: Buffer.from(JSON.stringify(value)) }, mediaType: "" };
}

/** Refuses an input that starts would refuse later. One in the blob store is read when a run starts. */
export function requireInput(schemaText: string, payload: Payload | undefined, field: string): void {
  if (schemaText !== "" && !isStoredValue(payload)) holdInput(JSON.parse(schemaText) as Json, payload, field);
}

/** The same for an input with expressions: only the places that no expression can make right. */
export function requireTemplate(schemaText: string, template: Json, field: string): void {
  if (schemaText === "") return;
  const { violations } = holdAgainst(JSON.parse(schemaText) as Json, template);
  requireNone(
    violations.filter(({ path }) => !isComputed(template, path)),
    field,
  );
}

type Violations = ReturnType<typeof holdAgainst>["violations"];

function requireNone(violations: Violations, field: string): void {
  if (violations.length === 0) return;
  throw requestErrors.inputInvalid(
    { count: violations.length },
    { violations: violations.map(({ path, message }) => ({ field: [field, ...path].join("."), message })) },
  );
}

/** Whether the value at a path, or a part of it, comes from an expression. */
function isComputed(template: Json, path: Violations[number]["path"]): boolean {
  let value: Json | undefined = template;
  for (const part of path) {
    if (typeof value !== "object" || value === null) break;
    value = (value as Readonly<Record<string | number, Json>>)[part];
  }
  return value !== undefined && JSON.stringify(value).includes("${{");
}

const placesMax = 5;

/** A refused start in words, with its places: those that keep it have no other room for them. */
export function refusalText({ message, violations }: Pick<TuttiError, "message" | "violations">): string {
  if (violations.length === 0) return message;
  const places = violations
    .slice(0, placesMax)
    .map(({ field, message: problem }) => `\`${field.replace(/^spec\./, "")}\`: ${problem}`);
  const others = violations.length - places.length;
  return `${message} ${places.join("; ")}${others > 0 ? `; ${others} more` : ""}`;
}
