import type { Json } from "@tutti/expressions";
import { SchemaValidator, type SchemaViolation } from "./schema-validator.ts";
import { Steps, StepsExhausted } from "./steps.ts";

/** A value that was validated against a schema. */
export interface ValidatedValue {
  /** With the defaults of the schema filled in. */
  readonly value: Json;
  /** Empty if the value satisfies the schema. */
  readonly violations: readonly SchemaViolation[];
}

const stepsMax = 1_000_000;

/** Validates a value of a user against a registered schema. Ends after a limited number of steps. */
export function validateAgainst(schema: Json, value: Json): ValidatedValue {
  const validator = new SchemaValidator(schema, new Steps(stepsMax));
  try {
    return { value: validator.validate(value), violations: validator.violations };
  } catch (fault) {
    if (!(fault instanceof StepsExhausted)) throw fault;
    const message = `takes more than ${stepsMax} steps to be validated against its schema`;
    return { value, violations: [{ path: [], message }] };
  }
}

/** Validates the input of a run against its schema. A missing input is the empty object, if the schema accepts that. */
export function validateInputAgainst(schema: Json, input: Json | undefined): ValidatedValue {
  const validated = validateAgainst(schema, input ?? null);
  if (input !== undefined || validated.violations.length === 0) return validated;
  const empty = validateAgainst(schema, {});
  return empty.violations.length === 0 ? empty : validated;
}
