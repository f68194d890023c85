import * as z from "zod";
import { isSecretSchema, secretForm } from "./secret.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Returns the JSON Schema of a value in a file. Secrets are references. */
export function jsonSchemaOf(schema: z.core.$ZodType): JsonSchema {
  const {
    $schema: _,
    "~standard": __,
    ...jsonSchema
  } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema: found }) {
      if (isSecretSchema(zodSchema)) Object.assign(found, { type: "string", pattern: secretForm.source });
    },
  });
  return jsonSchema;
}

/** Returns the expectation of a schema in words: "an integer from 1 to 60000". */
export function expectationOf(schema: z.core.$ZodType): string {
  return describe(jsonSchemaOf(schema));
}

function describe(schema: JsonSchema): string {
  // A schema may have a title that replaces a pattern.
  if (schema.title !== undefined) return schema.title;
  if (schema.const === "") return "nothing";
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return `one of ${schema.enum.map((each) => `\`${String(each)}\``).join(", ")}`;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.map((each) => describe(each)).join(" or ");
  const types: unknown = schema.type;
  if (Array.isArray(types)) return types.map((type) => describe({ ...schema, type })).join(" or ");
  switch (schema.type) {
    case "integer":
      return `an integer${rangeOf(schema)}`;
    case "number":
      return `a number${rangeOf(schema)}`;
    case "boolean":
      return "true or false";
    case "string":
      return describeText(schema);
    case "array":
      return `a list${lengthOf(schema.minItems, schema.maxItems, "entries")} (each: ${describe(schemaOr(schema.items))})`;
    case "object":
      return describeMapping(schema);
    case "null":
      return "null";
    default:
      return "a value";
  }
}

function describeText(schema: JsonSchema): string {
  if (schema.pattern === secretForm.source) return "a reference to a secret (`env:NAME` or `file:/path`)";
  const length = lengthOf(schema.minLength, schema.maxLength, "characters");
  if (schema.format) return `text in the form of ${schema.format}${length}`;
  return schema.pattern ? `text matching /${schema.pattern}/${length}` : `text${length}`;
}

function describeMapping(schema: JsonSchema): string {
  const names = Object.keys(schema.properties ?? {});
  if (names.length > 0) return `a mapping with ${names.map((name) => `\`${name}\``).join(", ")}`;
  return `a mapping of names to ${describe(schemaOr(schema.additionalProperties))}`;
}

function schemaOr(found: unknown): JsonSchema {
  return typeof found === "object" && found !== null && !Array.isArray(found) ? { ...found } : {};
}

function rangeOf(schema: JsonSchema): string {
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  // Zod states the limits of exact integers for every integer.
  const least = schema.minimum === Number.MIN_SAFE_INTEGER ? undefined : schema.minimum;
  const most = schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  const from = least !== undefined ? ` of at least ${least}` : above !== undefined ? ` above ${above}` : "";
  const to = most !== undefined ? ` of at most ${most}` : below !== undefined ? ` below ${below}` : "";
  return from && to ? `${from} and${to.replace(" of", "")}` : from + to;
}

function lengthOf(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) return ` of ${least} to ${most} ${unit}`;
  if (least === 1) return " (not empty)";
  if (least !== undefined) return ` of at least ${least} ${unit}`;
  return most === undefined ? "" : ` of at most ${most} ${unit}`;
}
