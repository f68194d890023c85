const blockBytes = 262_144;
/** Longer pieces have memory of their own. */
const pieceBytesMax = blockBytes / 8;
/** UTF-8 has at most so many bytes for each unit of a text. */
const bytesOfUnitMax = 3;

/**
 * Memory for many small pieces, in blocks. Pieces with memory of their own leave holes between those that live longer,
 * and the allocator keeps the holes after a burst. A block is returned to the system when none of its pieces is in use.
 */
export class ByteBlocks {
  #block = Buffer.alloc(0);
  #used = 0;

  /** Returns zeroed memory. */
  take(length: number): Uint8Array {
    if (length > pieceBytesMax) return new Uint8Array(length);
    return this.#taken(this.#placeFor(length), length);
  }

  /** Returns a text in UTF-8. */
  textOf(text: string): Uint8Array {
    const bytesMax = text.length * bytesOfUnitMax;
    if (bytesMax > pieceBytesMax) return new TextEncoder().encode(text);
    const at = this.#placeFor(bytesMax);
    return this.#taken(at, this.#block.write(text, at));
  }

  #placeFor(length: number): number {
    if (this.#block.length - this.#used < length) {
      this.#block = Buffer.from(new ArrayBuffer(blockBytes));
      this.#used = 0;
    }
    return this.#used;
  }

  #taken(at: number, length: number): Uint8Array {
    this.#used = at + length;
    return new Uint8Array(this.#block.buffer, at, length);
  }
}
