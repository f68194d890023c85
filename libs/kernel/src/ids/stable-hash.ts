/**
 * FNV-1a over the UTF-8 bytes of several texts, 32 bits, with a final mix that makes its low bits as random as the
 * others. The same in every process and release, because it decides the partition of instances.
 */
export function stableHash(...texts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    // A byte that no UTF-8 text contains distinguishes ("ab", "c") from ("a", "bc").
    hash = step(hash, 0xff);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) {
        hash = step(hash, code);
        continue;
      }
      return overBytes(texts);
    }
  }
  return mixedHash(hash);
}

/** Returns the same hash from encoded bytes, for texts that are not ASCII. */
function overBytes(texts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    hash = step(hash, 0xff);
    for (const byte of Buffer.from(text, "utf8")) hash = step(hash, byte);
  }
  return mixedHash(hash);
}

function step(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Spreads the changes of the last steps of a hash over all its 32 bits. */
export function mixedHash(hash: number): number {
  let mixing = hash ^ (hash >>> 16);
  mixing = Math.imul(mixing, 0x85ebca6b);
  mixing ^= mixing >>> 13;
  mixing = Math.imul(mixing, 0xc2b2ae35);
  return (mixing ^ (mixing >>> 16)) >>> 0;
}

const inForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/**
 * Returns the id of a key that may be any text, such as that of a limit. A key without the form of an id gets its hash
 * as id.
 */
export function idOfKey(key: string): string {
  if (inForm.test(key)) return key;
  return `key.${["a", "b", "c"].map((part) => stableHash(part, key).toString(36)).join("")}`;
}
