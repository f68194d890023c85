// What is wrong with the contracts, gathered so that one run names everything.

/** Thrown when the contracts cannot be used as they are. The message is ready to be printed. */
export class GenerationFailed extends Error {}

export class Problems {
  #lines = [];
  #lineOf;

  /** @param lineOf gives the `file:line` of a descriptor */
  constructor(lineOf) {
    this.#lineOf = lineOf;
  }

  add(descriptor, text) {
    this.#lines.push(`${this.#lineOf(descriptor)}: ${text}`);
  }

  get lines() {
    return this.#lines;
  }

  throwIfAny() {
    if (this.#lines.length > 0) throw new GenerationFailed(this.#lines.join("\n"));
  }
}
