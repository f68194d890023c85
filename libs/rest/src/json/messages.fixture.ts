/** Random messages of every kind that routes use: complete, as the codecs decode them. */
import { toTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { enumOf, type FieldTable, messageOf, type Schema } from "../plan/schema.ts";

type Draft = Record<string, unknown>;

const depthMax = 3;

export function anyMessage(schema: Schema, type: string, depth = 0): fc.Arbitrary<Draft> {
  const { fields } = messageOf(schema, type);
  const plain = fields.filter(({ oneof }) => oneof === undefined);
  const choices = Map.groupBy(
    fields.filter(({ oneof }) => oneof !== undefined),
    ({ oneof = "" }) => oneof,
  );
  const parts: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of plain) parts[field.name] = anyField(schema, field, depth);
  for (const [name, alternatives] of choices) {
    const arbitraries = alternatives.map((field) =>
      anyPresent(schema, field, depth).map((value) => ({ $case: field.name, value })),
    );
    parts[name] =
      depth >= depthMax ? fc.constant(undefined) : fc.oneof(fc.constant(undefined), ...arbitraries);
  }
  return fc.record(parts);
}

function anyField(schema: Schema, field: FieldTable, depth: number): fc.Arbitrary<unknown> {
  const { kind, many, optional } = field;
  const isDeep = depth >= depthMax;
  const single = () => anyPresent(schema, field, depth);
  if (many === "list") return isDeep ? fc.constant([]) : fc.array(single(), { maxLength: 3 });
  if (many === "map") {
    const keys = fc.string({ minLength: 1 }).filter((key) => key !== "__proto__");
    return fc
      .uniqueArray(fc.tuple(keys, single()), { maxLength: 3, selector: ([key]) => key })
      .map((entries) => Object.fromEntries(entries));
  }
  const mayBeAbsent = optional || ["message", "time", "payload", "blob", "mask"].includes(kind);
  if (!mayBeAbsent) return single();
  return isDeep && kind === "message" ? fc.constant(undefined) : fc.option(single(), { nil: undefined });
}

function anyPresent(
  schema: Schema,
  { kind, of = "", rule }: FieldTable,
  depth: number,
): fc.Arbitrary<unknown> {
  switch (kind) {
    case "message":
      return anyMessage(schema, of, depth + 1);
    case "enum":
      return fc.constantFrom(...Object.keys(enumOf(schema, of).words).map(Number));
    case "payload":
      return anyPayload;
    case "blob":
      return anyBlob;
    case "bytes":
      return anyBytes;
    case "time":
      return fc.integer({ min: 0, max: 4_000_000_000_000 }).map(toTimestamp);
    case "mask":
      return fc.array(
        fc.string({ minLength: 1 }).filter((name) => !name.includes(",")),
        { maxLength: 3 },
      );
    case "string":
      return fc.string({ unit: "grapheme" });
    case "boolean":
      return fc.boolean();
    case "integer": {
      const { min = -(2 ** 31), max = 2 ** 31 - 1 } = rule ?? {};
      return fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) });
    }
    default:
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  }
}

const encoder = new TextEncoder();
const anyBytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => new Uint8Array(bytes));
const anyBlob = fc.record({
  sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  size: fc.nat(),
});
/** Includes values that look like markers of the mapping itself. */
const anyJson = fc.oneof(
  { weight: 5, arbitrary: fc.jsonValue() },
  fc.constantFrom<unknown>(
    { $bytes: "no" },
    { $blob: 1, a: 2 },
    { $json: { $json: null } },
    { mediaType: "x" },
  ),
);
const anyJsonBytes = anyJson.map((value) => encoder.encode(JSON.stringify(value)));
const anyPayload = fc.oneof(
  anyJsonBytes.map((value) => ({ body: { $case: "inline", value }, mediaType: "" })),
  fc
    .tuple(anyBytes, fc.constantFrom("text/plain", "application/octet-stream", "image/png"))
    .map(([value, mediaType]) => ({ body: { $case: "inline", value }, mediaType })),
  fc.tuple(anyBlob, fc.constantFrom("", "text/plain")).map(([value, mediaType]) => ({
    body: { $case: "blob", value },
    mediaType,
  })),
);
