import type { Json } from "@tutti/expressions";

type Members = Readonly<Record<string, Json>>;

/** Applies a JSON merge patch (RFC 7396): members are replaced, those with null are removed, and anything else replaces all. */
export function mergePatched(value: Json, patch: Json): Json {
  if (!isMembers(patch)) return patch;
  // A map, since a member may be called `__proto__`.
  const merged = new Map(isMembers(value) ? Object.entries(value) : []);
  for (const [name, member] of Object.entries(patch))
    if (member === null) merged.delete(name);
    else merged.set(name, mergePatched(merged.get(name) ?? null, member));
  return Object.fromEntries(merged);
}

function isMembers(value: Json): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
