/** Messages of Protobuf as JSON Schemas, in the canonical JSON form. Messages are in `$defs`, so they may contain themselves. */
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import type { JsonSchema } from "../../task/handlers.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Maximum length of a schema, because a worker sends the schemas of all its capabilities when it links. */
const lengthMax = 32_768;

/** Types whose JSON form differs from their fields. */
const wellKnown: Readonly<Record<string, Schema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]+)?s$" },
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Empty": { type: "object" },
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.ListValue": { type: "array" },
  "google.protobuf.Value": {},
  "google.protobuf.Any": { type: "object" },
  "google.protobuf.StringValue": { type: ["string", "null"] },
  "google.protobuf.BytesValue": { type: ["string", "null"] },
  "google.protobuf.BoolValue": { type: ["boolean", "null"] },
  "google.protobuf.DoubleValue": { type: ["number", "string", "null"] },
  "google.protobuf.FloatValue": { type: ["number", "string", "null"] },
  "google.protobuf.Int64Value": { type: ["string", "integer", "null"] },
  "google.protobuf.UInt64Value": { type: ["string", "integer", "null"] },
  "google.protobuf.Int32Value": { type: ["integer", "null"] },
  "google.protobuf.UInt32Value": { type: ["integer", "null"] },
};

/** Returns the input schema of a method that streams requests. References lead to `$defs` of the whole schema. */
export function requestsSchemaOf(message: DescMessage): JsonSchema {
  const { $defs, ...requests } = schemaOf(message, true) as Schema;
  return {
    type: "object",
    required: ["requests"],
    properties: { requests },
    ...($defs !== undefined && { $defs }),
  };
}

/** Returns the schema of a message. `isList` is for a stream, whose messages are a list. */
export function schemaOf(message: DescMessage, isList: boolean): JsonSchema {
  const definitions: Record<string, Schema> = {};
  const messageSchema = referenceTo(message, definitions);
  const $defs = definitions;
  const schema = isList
    ? { type: "array", items: messageSchema, $defs }
    : withDefinitions(message, messageSchema, $defs);
  if (JSON.stringify(schema).length <= lengthMax) return schema;
  return { type: isList ? "array" : "object" };
}

function withDefinitions(
  message: DescMessage,
  messageSchema: Schema,
  definitions: Readonly<Record<string, Schema>>,
): Schema {
  const own = definitions[message.typeName];
  if (own === undefined) return messageSchema;
  const isReferred = JSON.stringify(definitions).includes(`"#/$defs/${message.typeName}"`);
  const others = isReferred
    ? definitions
    : Object.fromEntries(Object.entries(definitions).filter(([name]) => name !== message.typeName));
  return Object.keys(others).length === 0 ? own : { ...own, $defs: others };
}

function referenceTo(message: DescMessage, definitions: Record<string, Schema>): Schema {
  const known = wellKnown[message.typeName];
  if (known !== undefined) return known;
  if (definitions[message.typeName] === undefined) {
    // Set before its fields, because a field may contain the message itself.
    definitions[message.typeName] = {};
    const properties = Object.fromEntries(
      message.fields.map((field) => [field.jsonName, fieldSchema(field, definitions)]),
    );
    definitions[message.typeName] = { type: "object", properties, additionalProperties: false };
  }
  return { $ref: `#/$defs/${message.typeName}` };
}

function fieldSchema(field: DescField, definitions: Record<string, Schema>): Schema {
  const of = (kind: string, { scalar, enum: choice, message }: Parts): Schema => {
    if (kind === "message" && message !== undefined) return referenceTo(message, definitions);
    if (kind === "enum" && choice !== undefined) return { enum: choice.values.map(({ name }) => name) };
    return scalarSchema(scalar ?? 0);
  };
  if (field.fieldKind === "list") return { type: "array", items: of(field.listKind, field) };
  if (field.fieldKind === "map") return { type: "object", additionalProperties: of(field.mapKind, field) };
  return of(field.fieldKind, field);
}

interface Parts {
  readonly scalar?: number | undefined;
  readonly enum?: DescEnum | undefined;
  readonly message?: DescMessage | undefined;
}

/** Returns the schema of a scalar, by the numbers of `FieldDescriptorProto.Type`. */
function scalarSchema(type: number): Schema {
  if (type === 8) return { type: "boolean" };
  if (type === 9) return { type: "string" };
  if (type === 12) return { type: "string", contentEncoding: "base64" };
  // Infinity and NaN are texts.
  if (type === 1 || type === 2) return { type: ["number", "string"] };
  const isLong = [3, 4, 6, 16, 18].includes(type);
  return isLong ? { type: ["string", "integer"] } : { type: "integer" };
}
