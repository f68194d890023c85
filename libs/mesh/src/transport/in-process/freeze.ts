/**
 * Makes a message unchangeable down to its leaves. Messages pass by reference in-process. Tests freeze them, so that a
 * handler or caller that changes what belongs to the other side fails there and not in production.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  // The elements of a typed array cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const key of Object.keys(value)) deepFreeze((value as Record<string, unknown>)[key]);
  return value;
}
