/** Validates inputs of runs against the schema of their definition. */
import type { Payload } from "@tutti/contracts/types/v1";
import {
  refuseViolations,
  requireInputOfSchema,
  type ValidatedValue,
  validateAgainst,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { TuttiError } from "@tutti/kernel";
import { isStoredValue } from "@tutti/machine-work";

/** Rejects an input that a start would reject later. An input in the blob store is read when a run starts. */
export function requireInput(schemaText: string, payload: Payload | undefined, field: string): void {
  if (!isStoredValue(payload)) requireInputOfSchema(schemaText, payload, field);
}

/** Validates an input with expressions: only the places that no expression can make valid. */
export function requireTemplate(schemaText: string, template: Json, field: string): void {
  if (schemaText === "") return;
  const { violations } = validateAgainst(JSON.parse(schemaText) as Json, template);
  refuseViolations(
    violations.filter(({ path }) => !isComputed(template, path)),
    field,
  );
}

/** Returns whether the value at a path, or a part of it, comes from an expression. */
function isComputed(template: Json, path: ValidatedValue["violations"][number]["path"]): boolean {
  let value: Json | undefined = template;
  for (const part of path) {
    if (typeof value !== "object" || value === null) break;
    value = (value as Readonly<Record<string | number, Json>>)[part];
  }
  return value !== undefined && JSON.stringify(value).includes("${{");
}

const placesMax = 5;

/** Returns a refused start as a text with its places, for records without other fields for them. */
export function refusalText({ message, violations }: Pick<TuttiError, "message" | "violations">): string {
  if (violations.length === 0) return message;
  const places = violations
    .slice(0, placesMax)
    .map(({ field, message: problem }) => `\`${field.replace(/^spec\./, "")}\`: ${problem}`);
  const others = violations.length - places.length;
  return `${message} ${places.join("; ")}${others > 0 ? `; ${others} more` : ""}`;
}
