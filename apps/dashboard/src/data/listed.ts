/** A list by name. The array is the same object until an entry changes, so components need not render again. */
export class Listed<Thing extends Name, Name = Thing> {
  readonly #things = new Map<string, Thing>();
  readonly #nameOf: (thing: Name) => string;
  readonly #order: ((one: Thing, other: Thing) => number) | undefined;
  #list: readonly Thing[] | undefined = [];

  constructor(nameOf: (thing: Name) => string, order?: (one: Thing, other: Thing) => number) {
    this.#nameOf = nameOf;
    this.#order = order;
  }

  clear(): void {
    this.#things.clear();
    this.#list = undefined;
  }

  put(thing: Thing): void {
    this.#things.set(this.#nameOf(thing), thing);
    this.#list = undefined;
  }

  remove(thing: Name): void {
    this.#things.delete(this.#nameOf(thing));
    this.#list = undefined;
  }

  list(): readonly Thing[] {
    if (this.#list === undefined) {
      const things = [...this.#things.values()];
      this.#list = this.#order === undefined ? things : things.sort(this.#order);
    }
    return this.#list;
  }
}
