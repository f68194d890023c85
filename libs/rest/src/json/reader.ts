/**
 * Converts JSON of users to complete messages of the contracts, with the default of every absent field. Problems
 * are collected, so that all of them are reported together. Limits of the fields are checked by the service of the
 * rpc.
 */
import { didYouMean, nearest, toTimestamp } from "@tutti/kernel";
import { aliasesOf, aliasOf, unfolded } from "../plan/aliases.ts";
import { enumOf, type FieldTable, messageOf, type Schema, wellKnown } from "../plan/schema.ts";
import { numberIn } from "./exact.ts";
import { type Found, unknownName } from "./found.ts";
import { blobFromJson, bytesOf, isObject, payloadFromJson } from "./payload.ts";

export type Draft = Record<string, unknown>;

/** From year 1 to 9999: the range of a time on the wire. */
const timeMin = -62_135_596_800_000;
const timeMax = 253_402_300_799_999;

/** Number of list entries that take about 1 ms to read. */
const sliceEntries = 200;

/** The CLI reads definitions on Node 18, which has no `isWellFormed`. */
const halfOfPair = /\p{Surrogate}/u;

export class Reader {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** Returns an empty message. */
  empty(type: string): Draft {
    const draft: Draft = {};
    for (const field of messageOf(this.#schema, type).fields) {
      if (field.oneof !== undefined) draft[field.oneof] = undefined;
      else draft[field.name] = emptyOf(field);
    }
    return draft;
  }

  message(type: string, value: unknown, at: string, found: Found): Draft {
    if (type === wellKnown.definition && typeof value === "string")
      return this.#definition(textIn(value, at, found) ?? "");
    const draft = this.empty(type);
    const members = unfolded(type, value);
    if (!isObject(members)) {
      found.expected(at, "an object", members);
      return draft;
    }
    const { fields } = messageOf(this.#schema, type);
    for (const [key, inner] of Object.entries(members)) {
      const path = at === "" ? key : `${at}.${key}`;
      if (fields.some(({ json }) => json === key)) this.#member(draft, fields, { key, inner, path }, found);
      else {
        const values = this.expandAlias({ type, key, fields }, inner, path, found);
        if (values === undefined) unknownKey({ at: path, key, type, fields }, found);
        for (const [name, value] of Object.entries(values ?? {}))
          if (Object.hasOwn(members, name)) found.add(path, `expected only one of it and ${name}, got both`);
          else this.#member(draft, fields, { key: name, inner: value, path }, found);
      }
    }
    return draft;
  }

  /**
   * Returns the fields that a word of definitions stands for, if it is not a field of a message. Undefined if
   * it is not a word either.
   */
  expandAlias(
    {
      type,
      key,
      fields,
    }: { readonly type: string; readonly key: string; readonly fields: readonly FieldTable[] },
    value: unknown,
    at: string,
    found: Found,
  ): Readonly<Record<string, unknown>> | undefined {
    const alias = aliasOf(type, key, fields);
    if (alias === undefined) return undefined;
    const read = value === undefined || value === null ? { [alias.target]: value } : alias.read(value);
    if (typeof read !== "string") return read;
    found.expected(at, read, value);
    return {};
  }

  #member(
    draft: Draft,
    fields: readonly FieldTable[],
    { key, inner, path }: { readonly key: string; readonly inner: unknown; readonly path: string },
    found: Found,
  ): void {
    const field = fields.find(({ json }) => json === key);
    if (field !== undefined && inner !== undefined)
      this.setField(draft, field, this.value(field, inner, path, found), path, found);
  }

  /** Sets a field. Only one field of a oneof may be set. */
  setField(draft: Draft, { name, oneof }: FieldTable, value: unknown, at: string, found: Found): void {
    if (value === undefined) return;
    if (oneof === undefined) {
      draft[name] = value;
      return;
    }
    const other = draft[oneof];
    if (isObject(other) && other["$case"] !== name)
      found.add(at, `expected only one of it and ${String(other["$case"])}, got both`);
    draft[oneof] = { $case: name, value };
  }

  /** Returns the value of a field. Undefined if it is invalid or null. */
  value(field: FieldTable, value: unknown, at: string, found: Found): unknown {
    if (field.many === "list") {
      if (Array.isArray(value)) return this.#list(field, value, at, found);
      found.expected(at, "a list", value);
      return undefined;
    }
    if (field.many === "map") {
      if (!isObject(value)) {
        found.expected(at, "an object", value);
        return undefined;
      }
      const entries = Object.entries(value).map(([key, entry]) => {
        textIn(key, at, found);
        const read = this.#single(field, entry, `${at}[${JSON.stringify(key)}]`, found);
        return [key, read ?? blank(field)] as const;
      });
      return Object.fromEntries(entries);
    }
    // Data of users may be null. In any other field null means absent.
    if (value === null && field.kind !== "payload") return undefined;
    return this.#single(field, value, at, found);
  }

  #list(field: FieldTable, values: readonly unknown[], at: string, found: Found): unknown[] {
    const read = (item: unknown, index: number) =>
      this.#single(field, item, `${at}[${index}]`, found) ?? blank(field);
    if (found.later === undefined || values.length <= sliceEntries) return values.map(read);
    const list = [...values];
    for (let from = 0; from < values.length; from += sliceEntries)
      found.later.push(() => {
        const end = Math.min(from + sliceEntries, values.length);
        for (let index = from; index < end; index++) list[index] = read(values[index], index);
      });
    return list;
  }

  #single(field: FieldTable, value: unknown, at: string, found: Found): unknown {
    const { kind, of = "" } = field;
    switch (kind) {
      case "message":
        return this.message(of, value, at, found);
      case "enum":
        return this.enumeration(of, value, at, found);
      case "payload":
        return refusedAsText(payloadFromJson(value), at, found);
      case "blob":
        return refusedAsText(blobFromJson(value), at, found);
      case "bytes":
        return orExpected(bytesOf(value), "base64", { value, at, found });
      case "time":
        return timeIn(value, at, found);
      case "mask":
        return maskIn(value, at, found);
      case "string":
        return textIn(value, at, found);
      case "boolean":
        return orExpected(typeof value === "boolean" ? value : undefined, "true or false", {
          value,
          at,
          found,
        });
      default:
        return numberOf(field, value, at, found);
    }
  }

  /** Returns the number of a word: `timed_out`, or the name in the contract. */
  enumeration(type: string, value: unknown, at: string, found: Found): number | undefined {
    const { words, prefix } = enumOf(this.#schema, type);
    if (typeof value === "string") {
      const upper = value.toUpperCase();
      const word = (upper.startsWith(prefix) ? upper.slice(prefix.length) : upper).toLowerCase();
      const [number] = Object.entries(words).find(([, name]) => name === word) ?? [];
      if (number !== undefined) return Number(number);
    }
    if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
    const known = Object.values(words).filter((word) => word !== "unspecified");
    found.expected(at, `one of ${known.join(", ")}`, value);
    return undefined;
  }

  /** Parses `order`, `order@stable`, or `order@` and a hash. */
  #definition(text: string): Draft {
    const at = text.indexOf("@");
    const name = at < 0 ? text : text.slice(0, at);
    const version = at < 0 ? "" : text.slice(at + 1);
    if (version === "") return { name, version: undefined };
    const $case = /^[0-9a-f]{64}$/.test(version) ? "hash" : "label";
    return { name, version: { $case, value: version } };
  }
}

function unknownKey(
  {
    at,
    key,
    type,
    fields,
  }: {
    readonly at: string;
    readonly key: string;
    readonly type: string;
    readonly fields: readonly FieldTable[];
  },
  found: Found,
): void {
  if (found.isFull) return;
  const known = fields.map(({ json }) => json);
  const aliases = aliasesOf(type, fields).map(({ alias }) => alias);
  const suggestion = nearest(key, known) === undefined ? didYouMean(key, aliases) : "";
  found.add(at, suggestion === "" ? unknownName("field", key, known) : `unknown field${suggestion}`);
}

interface Place {
  readonly value: unknown;
  readonly at: string;
  readonly found: Found;
}

function orExpected<T>(read: T | undefined, expectation: string, { value, at, found }: Place): T | undefined {
  if (read === undefined) found.expected(at, expectation, value);
  return read;
}

const isWellFormed =
  typeof String.prototype.isWellFormed === "function"
    ? (text: string) => text.isWellFormed()
    : (text: string) => !halfOfPair.test(text);

/**
 * Returns a text. Half of a surrogate pair is no character: the wire format would silently replace it by
 * U+FFFD.
 */
function textIn(value: unknown, at: string, found: Found): string | undefined {
  if (typeof value === "string" && isWellFormed(value)) return value;
  found.expected(at, typeof value === "string" ? "a text without half of a surrogate pair" : "a text", value);
  return undefined;
}

function refusedAsText<T>(read: T | string, at: string, found: Found): T | undefined {
  if (typeof read !== "string") return read;
  found.add(at, read);
  return undefined;
}

function numberOf(field: FieldTable, value: unknown, at: string, found: Found): number | undefined {
  const number = numberIn(value);
  const { kind, rule } = field;
  const isWhole = kind === "integer";
  const min = rule?.min ?? Number.NEGATIVE_INFINITY;
  const max = rule?.max ?? Number.POSITIVE_INFINITY;
  const fits = isWhole ? Number.isInteger(number) : Number.isFinite(number);
  if (number !== undefined && fits && (!isWhole || (number >= min && number <= max))) return number;
  found.expected(at, isWhole ? `a whole number from ${min} to ${max}` : "a number", value);
  return undefined;
}

/** Parses milliseconds since the Unix epoch, or a time of RFC 3339. */
function timeIn(value: unknown, at: string, found: Found) {
  const ms = typeof value === "string" ? Date.parse(value) : numberIn(value);
  if (ms !== undefined && ms >= timeMin && ms <= timeMax) return toTimestamp(ms);
  found.expected(at, "milliseconds since 1970, or a time such as 2027-01-31T08:00:00Z", value);
  return undefined;
}

function maskIn(value: unknown, at: string, found: Found): readonly string[] | undefined {
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && isWellFormed(item)))
    return value;
  found.expected(at, "a list of names", value);
  return undefined;
}

/** Returns a placeholder for an invalid entry: its problem is reported, and the message is not used. */
function blank(field: FieldTable): unknown {
  const { many: _, optional: __, ...single } = field;
  return emptyOf(single);
}

function emptyOf({
  kind,
  many,
  optional,
}: Omit<FieldTable, "many" | "optional"> & Partial<FieldTable>): unknown {
  if (many === "list") return [];
  if (many === "map") return {};
  if (optional) return undefined;
  switch (kind) {
    case "string":
      return "";
    case "number":
    case "integer":
    case "enum":
      return 0;
    case "boolean":
      return false;
    case "bytes":
      return new Uint8Array(0);
    default:
      return undefined;
  }
}
