/**
 * Copies bytes. To memory that threads share `set` copies byte by byte, at 4 GB/s where this has 80: the language has it
 * that others may look on.
 */
export function copyBytes(source: Uint8Array, target: Uint8Array, at: number): void {
  copy.call(source, target, at);
}

/** The cast: it takes any bytes to be copied from, and is declared for buffers alone. */
const copy = Buffer.prototype.copy as (this: Uint8Array, target: Uint8Array, at: number) => number;
