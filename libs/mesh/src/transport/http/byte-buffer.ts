/**
 * Bytes that arrive in parts, in one buffer that doubles. With a list of parts, a sender of single bytes could use a
 * hundred times as much memory here at no cost.
 */
export class ByteBuffer {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Whether the memory was allocated here: a part belongs to its sender, and must not be written to. */
  #isOwn = false;

  get length(): number {
    return this.#length;
  }

  /** The received bytes. A single part is not copied. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return;
    const length = this.#length + part.length;
    if (this.#length === 0) {
      this.#buffer = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      this.#isOwn = false;
    } else {
      if (!this.#isOwn || this.#buffer.length < length) this.#grow(length);
      this.#buffer.set(part, this.#length);
    }
    this.#length = length;
  }

  /** Drops the first bytes, which the caller has and keeps. */
  dropFirst(count: number): void {
    this.#buffer = this.#buffer.subarray(count, this.#length);
    this.#length = this.#buffer.length;
    this.#isOwn = false;
  }

  #grow(length: number): void {
    const room = Buffer.allocUnsafe(Math.max(2 * this.#length, length, roomMin));
    room.set(this.bytes);
    this.#buffer = room;
    this.#isOwn = true;
  }
}

const roomMin = 1_024;
