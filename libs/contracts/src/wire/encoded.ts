/**
 * A message in the form in which it travels. A transport that sends bytes takes these as they are. Code that looks at a
 * field, such as an agent in the same process, has it decoded then.
 */
export abstract class Encoded {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Not to be changed. */
  static bytesOf(message: unknown): Uint8Array | undefined {
    return message instanceof Encoded ? message.#bytes : undefined;
  }

  protected get bytes(): Uint8Array {
    return this.#bytes;
  }
}
