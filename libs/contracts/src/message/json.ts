import { enumName, enumValue } from "./enum.ts";
import { type EnumWords, type Field, type Fields, isEmpty, kinds, ways } from "./field.ts";
import type { Values } from "./wire.ts";

/** Returns a message as proto3 JSON, for people and for clients without protobuf. */
export function jsonOf({ members }: Fields, message: Values): Values {
  const json: Values = {};
  for (let index = 0; index < members.length; index++) {
    const field = members[index] as Field;
    const value = message[field.property];
    if (value === undefined || value === null) continue;
    switch (field.way) {
      case ways.single:
        if (value !== field.absent && !isEmpty(field, value)) {
          json[field.name] = jsonOfValue(field, value);
        }
        break;
      case ways.list:
        if ((value as unknown[]).length > 0) {
          json[field.name] = (value as unknown[]).map((entry) => jsonOfValue(field, entry));
        }
        break;
      case ways.map:
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
  const shown: Values = {};
  for (const [key, value] of entries) shown[key] = jsonOfValue(field, value);
  json[field.name] = shown;
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
      return enumName(field.words as EnumWords, value as number);
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
  switch (field.way) {
    case ways.single:
      if (isSet(value)) message[field.name] = ofJson(field, value);
      break;
    case ways.list:
      if (Array.isArray(value)) message[field.name] = value.map((entry: unknown) => ofJson(field, entry));
      break;
    case ways.map:
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
      return enumValue(field.words as EnumWords, value);
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
