import type { Json } from "@tutti/expressions";
import { SchemaValidator, type SchemaViolation } from "./schema-validator.ts";
import { Steps, StepsExhausted } from "./steps.ts";

/** A value that was validated against a schema. */
export interface HeldValue {
  /** With the defaults of the schema filled in. */
  readonly value: Json;
  /** Empty if the value satisfies the schema. */
  readonly violations: readonly SchemaViolation[];
}

const stepsMax = 1_000_000;

/** Validates a value of a user against a registered schema. Ends after a limited number of steps. */
export function holdAgainst(schema: Json, value: Json): HeldValue {
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
export function holdInputAgainst(schema: Json, given: Json | undefined): HeldValue {
  const held = holdAgainst(schema, given ?? null);
  if (given !== undefined || held.violations.length === 0) return held;
  const empty = holdAgainst(schema, {});
  return empty.violations.length === 0 ? empty : held;
}
