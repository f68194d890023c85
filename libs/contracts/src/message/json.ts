import { enumName, enumValue } from "./enum.ts";
import { cardinalities, type EnumValues, type Field, type Fields, isEmpty, kinds } from "./field.ts";
import type { Values } from "./wire.ts";

/** Returns a message as proto3 JSON, for people and for clients without protobuf. */
export function jsonOf({ members }: Fields, message: Values): Values {
  const json: Values = {};
  for (let index = 0; index < members.length; index++) {
    const field = members[index] as Field;
    const value = message[field.property];
    if (value === undefined || value === null) continue;
    switch (field.cardinality) {
      case cardinalities.single:
        if (value !== field.absent && !isEmpty(field, value)) {
          json[field.name] = jsonOfValue(field, value);
        }
        break;
      case cardinalities.list:
        if ((value as unknown[]).length > 0) {
          json[field.name] = (value as unknown[]).map((entry) => jsonOfValue(field, entry));
        }
        break;
      case cardinalities.map:
        jsonOfMap(field, value as Values, json);
        break;
      default: {
        const chosen = value as { readonly $case: string; readonly value: unknown };
        const choice = field.choices?.get(chosen.$case);
        if (choice !== undefined) json[choice.name] = jsonOfValue(choice, chosen.value);
      }
    }
  }
  return json;
}

function jsonOfMap(field: Field, map: Values, json: Values): void {
  const entries = Object.entries(map);
  if (entries.length === 0) return;
  const mapJson: Values = {};
  for (const [key, value] of entries) mapJson[key] = jsonOfValue(field, value);
  json[field.name] = mapJson;
}

function jsonOfValue(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case kinds.string:
    case kinds.bool:
      return value;
    case kinds.double:
      return Number.isFinite(value) ? value : String(value);
    case kinds.bytes:
      return base64Of(value as Uint8Array);
    case kinds.enum:
      return enumName(field.enumValues as EnumValues, value as number);
    case kinds.message:
      return field.of?.toJSON(value as object);
    case kinds.mask:
      return (value as readonly string[]).join(",");
    default:
      return Math.round(value as number);
  }
}

/** Reads one field of JSON into a message, under its name in TypeScript or in the contracts. */
export function partOfJson(field: Field, json: Values, message: Values): void {
  const value = json[field.name] ?? json[field.protoName];
  switch (field.cardinality) {
    case cardinalities.single:
      if (isSet(value)) message[field.name] = ofJson(field, value);
      break;
    case cardinalities.list:
      if (Array.isArray(value)) message[field.name] = value.map((entry: unknown) => ofJson(field, entry));
      break;
    case cardinalities.map:
      if (typeof value === "object" && value !== null) {
        message[field.name] = Object.fromEntries(
          Object.entries(value).map(([key, entry]) => [key, ofJson(field, entry)]),
        );
      }
      break;
    default:
      if (isSet(value) && message[field.property] === undefined) {
        message[field.property] = { $case: field.name, value: ofJson(field, value) };
      }
  }
}

function ofJson(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case kinds.string:
      return String(value);
    case kinds.bool:
      return Boolean(value);
    case kinds.bytes:
      return Uint8Array.from(Buffer.from(value as string, "base64"));
    case kinds.enum:
      return enumValue(field.enumValues as EnumValues, value);
    case kinds.message:
      return field.of?.fromJSON(value);
    case kinds.mask:
      return maskOf(value);
    default:
      return Number(value);
  }
}

function maskOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(",").filter(Boolean);
  const paths = (value as { readonly paths?: unknown }).paths;
  return Array.isArray(paths) ? paths.map(String) : [];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
