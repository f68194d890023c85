/**
 * A message that is kept encoded. A transport sends its bytes unchanged. Code that reads a field, such as an agent in
 * the same process, decodes it then.
 */
export abstract class Encoded {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Must not be changed. */
  static bytesOf(message: unknown): Uint8Array | undefined {
    return message instanceof Encoded ? message.#bytes : undefined;
  }

  protected get bytes(): Uint8Array {
    return this.#bytes;
  }
}
