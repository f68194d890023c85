import { BinaryReader } from "@bufbuild/protobuf/wire";

/** A reader that knows how deep it is in messages within messages. */
export class Reader extends BinaryReader {
  depth = 0;
  readonly #isExact: boolean;

  /** @param isExact refuses a string that is not UTF-8. Otherwise each byte that is wrong becomes U+FFFD */
  constructor(bytes: Uint8Array, isExact = false) {
    super(bytes);
    this.#isExact = isExact;
  }

  override string(): string {
    return super.string(this.#isExact);
  }

  /** Reads one message deeper. Returns the end position. An error in it ends the whole reading. */
  enter(): number {
    if (++this.depth >= depthMax) throw new Error("protobuf decode recursion limit exceeded");
    const length = this.uint32();
    return this.pos + length;
  }

  /** Ends what `enter` started. Gives what was read. */
  leave<T>(message: T): T {
    this.depth--;
    return message;
  }

  /** 64-bit integers are numbers: one that a number cannot hold is refused instead of losing digits. */
  safeInt64(): number {
    return safe(this.int64());
  }

  safeUint64(): number {
    return safe(this.uint64());
  }
}

function safe(value: bigint | string): number {
  const number = Number(value);
  if (number > Number.MAX_SAFE_INTEGER) throw new Error("Value is larger than Number.MAX_SAFE_INTEGER");
  if (number < Number.MIN_SAFE_INTEGER) throw new Error("Value is smaller than Number.MIN_SAFE_INTEGER");
  return number;
}

/** Messages within messages, the outermost included. */
const depthMax = 100;
