/** A list by name. The array is the same object until an entry changes, so components need not render again. */
export class Listed<Item extends Name, Name = Item> {
  readonly #items = new Map<string, Item>();
  readonly #nameOf: (item: Name) => string;
  readonly #order: ((one: Item, other: Item) => number) | undefined;
  #list: readonly Item[] | undefined = [];

  constructor(nameOf: (item: Name) => string, order?: (one: Item, other: Item) => number) {
    this.#nameOf = nameOf;
    this.#order = order;
  }

  clear(): void {
    this.#items.clear();
    this.#list = undefined;
  }

  set(item: Item): void {
    this.#items.set(this.#nameOf(item), item);
    this.#list = undefined;
  }

  remove(item: Name): void {
    this.#items.delete(this.#nameOf(item));
    this.#list = undefined;
  }

  list(): readonly Item[] {
    if (this.#list === undefined) {
      const items = [...this.#items.values()];
      this.#list = this.#order === undefined ? items : items.sort(this.#order);
    }
    return this.#list;
  }
}
