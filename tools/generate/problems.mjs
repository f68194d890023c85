// Collects the problems of the contracts, so that one run reports all.

/** Thrown for contracts with problems. The message is ready to print. */
export class GenerationFailed extends Error {}

export class Problems {
  #lines = [];
  #lineOf;

  /** @param lineOf returns the `file:line` of a descriptor */
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
