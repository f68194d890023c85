import * as z from "zod";
import { isSecretSchema } from "./secret.ts";

/** Returns the schema inside a wrapper that changes neither the form nor the type of a value. */
export function innerOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  ) {
    return schema.unwrap();
  }
  return schema instanceof z.ZodPipe ? schema.in : undefined;
}

/** Returns the schema without its wrappers. */
export function coreOf(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = innerOf(schema);
  return inner === undefined ? schema : coreOf(inner);
}

/** Returns the schemas of a value's parts: of a list's entries, a mapping's values, a union's alternatives. */
function partsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (schema instanceof z.ZodUnion) return schema.options;
  if (schema instanceof z.ZodObject) return Object.values(schema.shape);
  const inner = innerOf(schema);
  return inner === undefined ? [] : [inner];
}

/** Returns every schema inside a schema, itself first. */
export function* schemasIn(schema: z.core.$ZodType): Generator<z.core.$ZodType> {
  yield schema;
  for (const part of partsOf(schema)) yield* schemasIn(part);
}

export function containsSecret(schema: z.core.$ZodType): boolean {
  return [...schemasIn(schema)].some(isSecretSchema);
}
