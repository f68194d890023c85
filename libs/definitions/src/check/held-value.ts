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
