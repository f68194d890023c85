import { numberOf } from "./crockford.ts";

/**
 * An id of a kind: `run_01j9z3k5p8qv2m4n6r7s8t9w0x`. The text sorts by time within a kind. Programs compare whole ids
 * and never need to parse them. People and tools may.
 */
export type Id<K extends string = string> = string & { readonly __kind: K };

export interface IdParts<K extends string = string> {
  readonly kind: K;
  /** When it was made, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** The 26 digits after the kind. */
  readonly ulid: string;
}

/** 48 bits: the year 10889. */
export const timeMax = 2 ** 48 - 1;

const kindForm = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
// Ten digits have 50 bits. The first is at most 7 because a time has 48.
const idForm = /^([a-z][a-z0-9]*(?:_[a-z0-9]+)*)_([0-7][0-9a-hjkmnp-tv-z]{25})$/;

export function isKind(text: string): boolean {
  return kindForm.test(text) && text.length <= 60;
}

/** Assembles an id. The parts are trusted: `IdSource` and `printId` check them. */
export function idOf<K extends string>(kind: K, ulid: string): Id<K> {
  // The only place that turns text into an id without a check.
  return `${kind}_${ulid}` as Id<K>;
}

/** Returns the parts of an id. Undefined for any other text, such as an id that a user chose. */
export function parseId(text: string): IdParts | undefined {
  const [, kind, ulid] = idForm.exec(text) ?? [];
  if (kind === undefined || ulid === undefined || !isKind(kind)) return undefined;
  return { kind, timeMs: numberOf(ulid.slice(0, 10)), ulid };
}

export function printId<K extends string>(parts: IdParts<K>): Id<K> {
  return idOf(parts.kind, parts.ulid);
}

/** Returns whether a text is an id, of the given kind if there is one. */
export function isId<K extends string>(text: string, kind?: K): text is Id<K> {
  const parts = parseId(text);
  return parts !== undefined && (kind === undefined || parts.kind === kind);
}

/** Returns `run` for `run_01j…`. Undefined for a text that is no id. */
export function kindOf(text: string): string | undefined {
  return parseId(text)?.kind;
}

/** Returns the creation time of an id, milliseconds since the Unix epoch. Undefined for a text that is no id. */
export function timeOf(text: string): number | undefined {
  return parseId(text)?.timeMs;
}
