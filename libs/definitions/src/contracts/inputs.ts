/** Validates inputs of runs, missions and sessions against the schema of their definition. */
import type { Payload } from "@tutti/contracts/types/v1";
import { type Json, parseExactly, writeExactly } from "@tutti/expressions";
import { counted, defineErrors } from "@tutti/kernel";
import { type ValidatedValue, validateInputAgainst } from "../check/validated-value.ts";

export const inputErrors = defineErrors("workflow", {
  payloadNotJson: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Tutti computes with this value, so it must be a JSON document that is sent inline.",
    message: ({ field, found }: { field: string; found: string }) =>
      `${field}: expected a JSON document, got ${found}`,
    remedy: "Send the document inline.",
  },
  inputInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The input must match the schema of the definition. Each violation names its place.",
    message: ({ count }: { count: number }) =>
      `The input does not match the schema of the definition: ${counted(count, "violation")}`,
    remedy: "Correct the listed places.",
  },
});

/** Returns a payload as JSON, with bigints as `parseExactly`. Other content, or a payload in the blob store, is refused with the field's name. */
export function jsonOf({ body, mediaType }: Payload, field: string): Json {
  if (body === undefined) return null;
  if (body.$case === "blob") throw inputErrors.payloadNotJson({ field, found: "a reference to a blob" });
  if (mediaType !== "" && mediaType !== "application/json")
    throw inputErrors.payloadNotJson({ field, found: mediaType });
  const text = Buffer.from(body.value).toString("utf8");
  if (text === "") return null;
  try {
    return parseExactly(text) as Json;
  } catch (error) {
    const found = error instanceof Error ? error.message : "something else";
    throw inputErrors.payloadNotJson({ field, found });
  }
}

/**
 * Returns the input with defaults filled in, or refuses it with each violation.
 * @param field its name in the request, as in violations
 */
export function requireValidInput(schema: Json, payload: Payload | undefined, field = "spec.input"): Payload {
  const input = payload && jsonOf(payload, field);
  const { value, violations } = validateInputAgainst(schema, input);
  refuseViolations(violations, field);
  // Unchanged if no default was filled in, so that a number keeps its written form.
  if (value === input && payload !== undefined) return payload;
  return { body: { $case: "inline", value: Buffer.from(writeExactly(value)) }, mediaType: "" };
}

/** As `requireValidInput`, for the text of a schema. Empty accepts any input. */
export function requireInputOfSchema(
  schemaText: string,
  payload: Payload | undefined,
  field: string,
): Payload | undefined {
  if (schemaText === "") return payload;
  return requireValidInput(JSON.parse(schemaText) as Json, payload, field);
}

/** Refuses a value of a request with each violation of its schema. */
export function refuseViolations(violations: ValidatedValue["violations"], field: string): void {
  if (violations.length === 0) return;
  throw inputErrors.inputInvalid(
    { count: violations.length },
    { violations: violations.map(({ path, message }) => ({ field: [field, ...path].join("."), message })) },
  );
}
