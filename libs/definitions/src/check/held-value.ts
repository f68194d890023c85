import type { Json } from "@tutti/expressions";
import { SchemaValidator, type SchemaViolation } from "./schema-validator.ts";
import { Steps, StepsExhausted } from "./steps.ts";

/** A value that was compared with a schema. */
export interface HeldValue {
  /** With the defaults of the schema filled in. */
  readonly value: Json;
  /** None where it satisfies the schema. */
  readonly violations: readonly SchemaViolation[];
}

const stepsMax = 1_000_000;

/** Holds a value of a user against a schema that was registered. Ends after a counted number of steps. */
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

/** Holds the input of a run against its schema. An input that was not given is the empty object, if the schema accepts that. */
export function holdInputAgainst(schema: Json, given: Json | undefined): HeldValue {
  const held = holdAgainst(schema, given ?? null);
  if (given !== undefined || held.violations.length === 0) return held;
  const empty = holdAgainst(schema, {});
  return empty.violations.length === 0 ? empty : held;
}
