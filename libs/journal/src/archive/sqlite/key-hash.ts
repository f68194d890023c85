import { type InstanceKey, mixedHash } from "@tutti/kernel";

/**
 * Returns a hash of a key in 53 bits, so that it is a number here and an integer in SQLite. Different keys may have the
 * same hash, so compare the key of each hit.
 */
export function keyHash(key: InstanceKey): number {
  const { namespace, kind, id } = key;
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let index = 0; index < namespace.length; index++) {
    const code = namespace.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  low = Math.imul(low ^ 0x1_0000, 0x01000193);
  for (let index = 0; index < kind.length; index++) {
    const code = kind.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  low = Math.imul(low ^ 0x1_0000, 0x01000193);
  for (let index = 0; index < id.length; index++) {
    const code = id.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  return (mixedHash(high) >>> 11) * 2 ** 32 + mixedHash(low ^ (high >>> 3));
}
