/**
 * The cursor of a watch: a mark of each recommendation that the caller has. With it, any process can resume
 * the watch.
 *
 * The watch starts with a snapshot if there are too many marks, or if the caller has a removed
 * recommendation.
 */
import { createHash } from "node:crypto";
import type { Recommendation } from "@tutti/contracts/intelligence/v1";
import type { ReadOnly } from "@tutti/kernel";

const markLength = 8;
/** Maximum of the contract for a cursor. */
const marksMax = 500;

/** Returns a short digest of a recommendation. */
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
  // A removed recommendation is in no later reply: then the caller needs all.
  return new Set(marks.length > known ? [] : marks);
}
