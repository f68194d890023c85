/**
 * Parts of the generated checks: each function compares one value with one rule and adds a finding. Paths are
 * relative here. `within` completes them while the calls return, so that a valid request needs no string.
 */
import type { FieldViolation } from "./rpc.ts";

export type Found = FieldViolation[];

/** Maximum number of findings that are kept. */
const findingsMax = 20;
/** Maximum length of a wrong value that is repeated to the caller. */
const quotedMax = 60;

function add(found: Found, field: string, message: string): void {
  if (found.length < findingsMax) found.push({ field, message });
}

function quoted(value: string): string {
  return JSON.stringify(value.length > quotedMax ? `${value.slice(0, quotedMax)}…` : value);
}

export function missing(found: Found, field: string): void {
  add(found, field, "expected a value, got none");
}

export function noChoice(found: Found, field: string, choices: string): void {
  add(found, field, `expected one of ${choices}, got none`);
}

export function unknown(found: Found, field: string, value: number, known: string): void {
  add(found, field, `expected one of ${known}, got ${value}`);
}

export function itemCount(found: Found, field: string, count: number, max: number): void {
  if (count > max) add(found, field, `expected at most ${max} entries, got ${count}`);
}

export function byteLength(found: Found, field: string, value: Uint8Array, min: number, max: number): void {
  if (value.length > 0) length(found, field, value.length, min, max, "bytes");
}

export function textLength(found: Found, field: string, value: string, min: number, max: number): void {
  // Characters are code points: never more than UTF-16 units, never fewer than half of them.
  if (value.length === 0 || (value.length <= max && value.length >= min * 2)) return;
  let characters = 0;
  for (const _ of value) characters++;
  length(found, field, characters, min, max, "characters");
}

function length(found: Found, field: string, value: number, min: number, max: number, unit: string): void {
  if (value >= min && value <= max) return;
  const expected = min === max ? `exactly ${min}` : value > max ? `at most ${max}` : `at least ${min}`;
  add(found, field, `expected ${expected} ${unit}, got ${value}`);
}

export function range(found: Found, field: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max && Number.isFinite(value)) return;
  const expected =
    max === Infinity
      ? `a number of at least ${min}`
      : min === -Infinity
        ? `a number of at most ${max}`
        : `a number from ${min} to ${max}`;
  add(found, field, `expected ${expected}, got ${value}`);
}

export interface Form {
  readonly expected: string;
  fits(value: string): boolean;
}

export function form(found: Found, field: string, value: string, expectedForm: Form): void {
  if (value === "" || expectedForm.fits(value)) return;
  add(found, field, `expected ${expectedForm.expected}, got ${quoted(value)}`);
}

/** Prepends the path of the enclosing field to the findings since `before`. */
export function within(found: Found, before: number, path: string): void {
  for (let i = before; i < found.length; i++) {
    const finding = found[i];
    if (finding === undefined) continue;
    const join = finding.field === "" || finding.field.startsWith("[") ? "" : ".";
    found[i] = { field: `${path}${join}${finding.field}`, message: finding.message };
  }
}

function pattern(expected: string, expression: RegExp): Form {
  return { expected, fits: (value) => expression.test(value) };
}

// The rules of semantic versions. Numbers are limited to the range that every program can represent.
const versionNumber = String.raw`(0|[1-9]\d{0,14})`;
const preRelease = String.raw`-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*`;
const versionEnd = String.raw`(${preRelease})?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?`;
const fullVersion = String.raw`${versionNumber}\.${versionNumber}\.${versionNumber}${versionEnd}`;
const semanticVersion = new RegExp(`^${fullVersion}$`);

/**
 * The forms of `tutti.types.v1.Form`. The empty string is not checked, because it is valid if the field may
 * be empty.
 */
export const forms = {
  id: pattern(
    "1 to 200 letters, digits, dots, underscores or dashes, not starting with a dot or dash",
    /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/,
  ),
  name: {
    expected: "a dotted lower-case name such as pay.charge, at most 200 characters",
    fits: (value) => value.length <= 200 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(value),
  },
  version: {
    expected: "a semantic version such as 2.1.0",
    fits: (value) => value.length <= 200 && semanticVersion.test(value),
  },
  versionRange: { expected: "a semantic version range such as ^2", fits: isVersionRange },
  json: { expected: "a JSON document", fits: isJson },
  traceparent: pattern(
    "a W3C traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/,
  ),
  address: { expected: "host:port with a port from 1 to 65535", fits: isAddress },
  namespace: pattern(
    "1 to 63 lower-case letters, digits or dashes, starting with a letter",
    /^[a-z][a-z0-9-]{0,62}$/,
  ),
  label: pattern(
    "1 to 128 letters, digits, dots, underscores, slashes or dashes, starting with a letter or digit",
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/,
  ),
} satisfies Record<string, Form>;

const anyNumber = "[xX*]";
/** Partial versions: `1.2`, `1.x`, `*`. After a wildcard, all further parts are wildcards. */
const partialVersion = `${versionNumber}(\\.(${versionNumber}(\\.${anyNumber})?|${anyNumber}(\\.${anyNumber})?))?|${anyNumber}(\\.${anyNumber}){0,2}`;
const versionOrPart = `v?(${fullVersion}|${partialVersion})`;
const plain = new RegExp(`^${versionOrPart}$`);
const comparator = new RegExp(`^(\\^|~|>=|<=|>|<|=)?${versionOrPart}$`);

function isVersionRange(value: string): boolean {
  return value.length <= 200 && value.split("||").every(isAlternative);
}

function isAlternative(text: string): boolean {
  const parts = text.trim().split(/\s+/);
  const [from = "", dash, to = ""] = parts;
  if (dash === "-" && parts.length === 3) return plain.test(from) && plain.test(to);
  return parts.every((part) => comparator.test(part));
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

function isAddress(value: string): boolean {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/.exec(value);
  if (match === null || value.length > 260) return false;
  const port = Number(match[2]);
  return port >= 1 && port <= 65535;
}
