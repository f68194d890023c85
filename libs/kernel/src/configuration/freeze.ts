/** Freezes plain objects and lists to the bottom. Other objects look after themselves. */
export function deepFreeze<T>(value: T, seen: Set<unknown> = new Set()): T {
  if (typeof value !== "object" || value === null || seen.has(value)) return value;
  seen.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  if (!plain) return value;
  for (const member of Object.values(value)) deepFreeze(member, seen);
  return Object.freeze(value);
}
