/**
 * Tasks that can start and have not, in order. The first is removed repeatedly, and any task may leave. Both
 * cost the same for any number of tasks. A set does not have this property, because its start fills with
 * holes.
 */
export class Agenda {
  /** Numbers in order; -1 for a removed one. */
  readonly #line: number[] = [];
  #at = 0;
  /** Positions by number. */
  readonly #places = new Map<number, number>();

  get size(): number {
    return this.#places.size;
  }

  get first(): number | undefined {
    return this.#line[this.#at];
  }

  has(number: number): boolean {
    return this.#places.has(number);
  }

  add(number: number): void {
    if (this.#places.has(number)) return;
    this.#places.set(number, this.#line.length);
    this.#line.push(number);
  }

  delete(number: number): boolean {
    const place = this.#places.get(number);
    if (place === undefined) return false;
    this.#places.delete(number);
    this.#line[place] = -1;
    while (this.#at < this.#line.length && this.#line[this.#at] === -1) this.#at += 1;
    if (this.#at > 1_000 && this.#at * 2 > this.#line.length) this.#close();
    return true;
  }

  /** Drops removed entries at the start. */
  #close(): void {
    this.#line.splice(0, this.#at);
    for (const [place, number] of this.#line.entries()) if (number >= 0) this.#places.set(number, place);
    this.#at = 0;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let place = this.#at; place < this.#line.length; place++) {
      const number = this.#line[place] ?? -1;
      if (number >= 0) yield number;
    }
  }
}
