import type { Field } from "./field.ts";

type Schema = Readonly<Record<string, unknown>>;

// A deeper schema contains itself. The rest is entered as JSON.
const depthMost = 6;

/** Reads a schema, given as text or parsed. An invalid schema gives a field for JSON. */
export function fieldOf(schema: unknown, label = "Input"): Field {
  const root = typeof schema === "string" ? parsed(schema) : schema;
  return read(root, { label, required: true, root, depth: 0 });
}

interface Around {
  readonly label: string;
  readonly required: boolean;
  readonly root: unknown;
  readonly depth: number;
}

function parsed(text: string): unknown {
  try {
    return text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function read(input: unknown, around: Around): Field {
  const schema = resolved(input, around.root);
  const shared = {
    label: text(schema?.["title"]) || around.label,
    hint: text(schema?.["description"]),
    required: around.required,
    ...(schema !== undefined && "default" in schema ? { preset: schema["default"] } : {}),
  };
  const raw: Field = { kind: "raw", ...shared };
  if (schema === undefined || around.depth > depthMost) return raw;
  const { enum: values, const: only } = schema;
  if (Array.isArray(values) && values.length > 0) return { kind: "choice", ...shared, values };
  if ("const" in schema) return { kind: "choice", ...shared, values: [only], preset: only };
  const variants = schema["oneOf"] ?? schema["anyOf"];
  if (Array.isArray(variants) && variants.length > 0) return readVariants(variants, schema, shared, around);
  return readType(schema, shared, around) ?? raw;
}

type SharedParts = Pick<Field, "label" | "hint" | "required" | "preset">;

function readVariants(
  variants: readonly unknown[],
  schema: Schema,
  shared: SharedParts,
  around: Around,
): Field {
  // `null` as one of two alternatives only means that the value is optional.
  const nonNull = variants.filter((each) => resolved(each, around.root)?.["type"] !== "null");
  const { oneOf: _, anyOf: __, title: ___, description: ____, default: _____, ...beside } = schema;
  const inner = nonNull.map((each, index) => {
    const joined = joinedWith(beside, resolved(each, around.root) ?? {});
    return read(joined, { ...around, label: `Form ${index + 1}`, depth: around.depth + 1 });
  });
  const [single] = inner;
  if (inner.length === 1 && single !== undefined)
    return { ...single, ...shared, required: shared.required && nonNull.length === variants.length };
  const constants = inner.flatMap((each) =>
    each.kind === "choice" && each.values.length === 1 ? each.values : [],
  );
  if (constants.length === inner.length) return { kind: "choice", ...shared, values: constants };
  return { kind: "variant", ...shared, variants: inner };
}

/** Keywords next to variants hold for each of them. */
function joinedWith(common: Schema, variant: Schema): Schema {
  const properties = { ...record(common["properties"]), ...record(variant["properties"]) };
  const required = [...list(common["required"]), ...list(variant["required"])];
  return {
    ...common,
    ...variant,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
  };
}

function readType(schema: Schema, shared: SharedParts, around: Around): Field | undefined {
  switch (typeOf(schema)) {
    case "string":
      return {
        kind: "text",
        ...shared,
        format: text(schema["format"]),
        minLength: number(schema["minLength"], 0),
        maxLength: number(schema["maxLength"], Number.POSITIVE_INFINITY),
        pattern: text(schema["pattern"]),
      };
    case "integer":
    case "number":
      return {
        kind: "number",
        ...shared,
        integer: typeOf(schema) === "integer",
        minimum: number(schema["minimum"], Number.NEGATIVE_INFINITY),
        maximum: number(schema["maximum"], Number.POSITIVE_INFINITY),
        above: number(schema["exclusiveMinimum"], Number.NEGATIVE_INFINITY),
        below: number(schema["exclusiveMaximum"], Number.POSITIVE_INFINITY),
        multipleOf: number(schema["multipleOf"], 0),
      };
    case "boolean":
      return { kind: "flag", ...shared };
    case "array":
      return readList(schema, shared, around);
    case "object":
      return readObject(schema, shared, around);
    default:
      return undefined;
  }
}

function readList(schema: Schema, shared: SharedParts, around: Around): Field | undefined {
  const { items } = schema;
  if (record(items) === undefined) return undefined;
  return {
    kind: "list",
    ...shared,
    item: read(items, { ...around, label: "Entry", required: true, depth: around.depth + 1 }),
    minItems: number(schema["minItems"], 0),
    maxItems: number(schema["maxItems"], Number.POSITIVE_INFINITY),
  };
}

function readObject(schema: Schema, shared: SharedParts, around: Around): Field | undefined {
  const required = new Set(list(schema["required"]));
  const depth = around.depth + 1;
  const fields = Object.entries(record(schema["properties"]) ?? {}).map(
    ([name, inner]) =>
      [
        name,
        read(inner, { label: labelOf(name), required: required.has(name), root: around.root, depth }),
      ] as const,
  );
  const additional = record(schema["additionalProperties"]);
  if (fields.length === 0 && additional === undefined) return undefined;
  const others = additional && read(additional, { label: "Value", required: true, root: around.root, depth });
  return { kind: "object", ...shared, fields, ...(others === undefined ? {} : { others }) };
}

function typeOf(schema: Schema): string {
  const { type } = schema;
  const types = Array.isArray(type) ? type.filter((each) => each !== "null") : [type];
  if (types.length === 1 && typeof types[0] === "string") return types[0];
  if (types.length > 1) return "";
  if ("properties" in schema) return "object";
  return "items" in schema ? "array" : "";
}

/** Follows references within the schema itself. */
function resolved(schema: unknown, root: unknown, hops = 0): Schema | undefined {
  const own = record(schema);
  const reference = own?.["$ref"];
  if (own === undefined || typeof reference !== "string") return own;
  if (!reference.startsWith("#/") || hops > depthMost) return undefined;
  let found: unknown = root;
  for (const part of reference.slice(2).split("/"))
    found = record(found)?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
  return resolved(found, root, hops + 1);
}

/** `shippingAddress` and `shipping_address` as people write them: `Shipping address`. */
export function labelOf(name: string): string {
  const text = name
    .replaceAll(/[_-]+/g, " ")
    .replaceAll(/([a-z\d])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)
    .trim();
  return text === "" ? name : `${text[0]?.toUpperCase()}${text.slice(1)}`;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
const list = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
const record = (value: unknown): Schema | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
