/** Converts values between JSON and PostgreSQL. */
import type { CustomTypesConfig } from "pg";
import { adapterErrors } from "../errors.ts";

/** A statement with numbers instead of names. */
export interface Parameters {
  readonly text: string;
  readonly names: readonly string[];
  /** Parameters that are cast to JSON. There, a list is a JSON list. Elsewhere it is a PostgreSQL array. */
  readonly json: ReadonlySet<string>;
}

/** Strings, quoted names, comments and casts, in which a colon does not start a parameter. */
const parts =
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([A-Za-z_]\w*)(\s*::\s*jsonb?\b)?/g;

/** Parses the parameters of a statement. `:name` is the member `name` of the input. */
export function parametersOf(sql: string): Parameters {
  const names: string[] = [];
  const json = new Set<string>();
  const text = sql.replace(
    parts,
    (part: string, _tag, name: string | undefined, cast: string | undefined) => {
      if (name === undefined) return part;
      if (!names.includes(name)) names.push(name);
      if (cast !== undefined) json.add(name);
      return `$${names.indexOf(name) + 1}${cast ?? ""}`;
    },
  );
  return { text, names, json };
}

/** Writes a text as an SQL literal, also for servers where a backslash is special. A NUL cannot be stored. */
export function literal(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return text.includes("\\") ? ` E'${quoted.replaceAll("\\", "\\\\")}'` : `'${quoted}'`;
}

/** Returns the values in the order of the names. */
export function bindValues(
  operation: string,
  { names, json }: Parameters,
  input: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  return names.map((name) => {
    const value = input[name];
    if (value === undefined)
      throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` of the statement is missing` });
    if (value === null) return null;
    return json.has(name) ? JSON.stringify(value) : value;
  });
}

type Parser = (text: string) => unknown;

const asText: Parser = (text) => text;
/** Converts `2026-11-26 02:17:43.123456+00` to ISO 8601. A `Date` would lose the microseconds. */
const asTime: Parser = (text) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
const asNumber: Parser = (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text);

/** Parsers by type number: int8, date, timestamp, timestamptz, interval. The client's own values are not JSON. */
const ofValues: Readonly<Record<number, Parser>> = {
  20: asNumber,
  1082: asText,
  1114: asTime,
  1184: asTime,
  1186: asText,
};
/** Parsers for arrays of these types, and of numeric. */
const ofLists: Readonly<Record<number, Parser>> = {
  1016: asNumber,
  1182: asText,
  1115: asTime,
  1185: asTime,
  1187: asText,
  1231: asText,
};
const textList = 1009;

export function typeParsersOf(types: CustomTypesConfig): CustomTypesConfig {
  // The declarations of the client have only the numbers of scalar types.
  const known = types.getTypeParser as (oid: number, format?: string) => Parser;
  const getTypeParser = (oid: number, format?: string): Parser => {
    const ofList = ofLists[oid];
    if (ofList === undefined) return ofValues[oid] ?? known(oid, format);
    const readList = known(textList);
    return (text) => mapped(readList(text), ofList);
  };
  return { getTypeParser: getTypeParser as CustomTypesConfig["getTypeParser"] };
}

/** Applies a parser to a value or to a list, which can have several dimensions. */
function mapped(value: unknown, parse: Parser): unknown {
  if (Array.isArray(value)) return value.map((each) => mapped(each, parse));
  return typeof value === "string" ? parse(value) : value;
}

export function jsonOf(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString("base64");
  return Array.isArray(value) ? value.map(jsonOf) : value;
}
