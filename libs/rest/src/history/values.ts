/** Values in the details of events: any JSON. */

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

export function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

export function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Returns the first five of a list of names. */
export function names(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return "nothing";
  const listed = value.slice(0, 5).map(text).join(", ");
  return value.length > 5 ? `${listed} and ${value.length - 5} more` : listed;
}

/** Parses a text. Null if it is not JSON. */
export function parsed(json: unknown): unknown {
  if (typeof json !== "string" || json === "") return null;
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
