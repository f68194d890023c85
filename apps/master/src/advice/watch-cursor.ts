/**
 * The cursor of a watch: a mark of each recommendation that the caller has. With it, any process can resume the watch.
 *
 * A cursor without all of them starts with a snapshot: if there are too many, or if one is gone that the caller has.
 */
import { createHash } from "node:crypto";
import type { Recommendation } from "@tutti/contracts/intelligence/v1";
import type { ReadOnly } from "@tutti/kernel";

const markLength = 8;
/** As many as the contract has room for in a cursor. */
const marksMax = 500;

/** The recommendation as it is, in few characters. */
export function markOf(recommendation: ReadOnly<Recommendation>): string {
  return createHash("sha256").update(JSON.stringify(recommendation)).digest("base64url").slice(0, markLength);
}

export function cursorOf(marks: readonly string[]): string {
  return marks.length > marksMax ? "" : `a${marks.join("")}`;
}

/** Returns the marks that the caller has. Empty for a snapshot. */
export function marksIn(cursor: string, known: number): ReadonlySet<string> {
  const text = /^a((?:[\w-]{8}){1,500})$/.exec(cursor)?.[1] ?? "";
  const marks = text.match(/.{8}/g) ?? [];
  // A recommendation that is gone is in no later reply: then the caller needs all.
  return new Set(marks.length > known ? [] : marks);
}
