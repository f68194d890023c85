import { BinaryReader } from "@bufbuild/protobuf/wire";

/** A reader that tracks the depth of nested messages. */
export class Reader extends BinaryReader {
  depth = 0;
  readonly #isExact: boolean;

  /** @param isExact refuses a string that is not UTF-8. Otherwise each invalid byte becomes U+FFFD */
  constructor(bytes: Uint8Array, isExact = false) {
    super(bytes);
    this.#isExact = isExact;
  }

  override string(): string {
    return super.string(this.#isExact);
  }

  /** Enters a nested message. Returns the end position. An error in it ends the whole reading. */
  enter(): number {
    if (++this.depth >= depthMax) throw new Error("protobuf decode recursion limit exceeded");
    const length = this.uint32();
    return this.pos + length;
  }

  /** Leaves a nested message. Returns it. */
  leave<T>(message: T): T {
    this.depth--;
    return message;
  }

  /** 64-bit integers become numbers: one outside of the exact range is refused instead of losing digits. */
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

/** Maximum depth of nested messages, including the outermost. */
const depthMax = 100;
