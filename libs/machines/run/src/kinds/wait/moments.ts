/** Spans and moments as expressions give them: texts. */
import { parseDurationMs } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";

/** Undefined for what is no span of time. */
export function spanMsOf(value: Json): number | undefined {
  return typeof value === "string" ? parseDurationMs(value.trim()) : undefined;
}

/** The end of the year 9999. */
const momentMaxMs = 253_402_300_799_999;
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Undefined for what is no moment of RFC 3339. */
export function momentMsOf(value: Json): number | undefined {
  if (typeof value !== "string" || !rfc3339.test(value.trim())) return undefined;
  const ms = Date.parse(value.trim().toUpperCase());
  return Number.isNaN(ms) || ms < 0 || ms > momentMaxMs ? undefined : ms;
}
