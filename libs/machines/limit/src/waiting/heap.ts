/**
 * A binary heap that can remove any item: adding, removing and moving one costs the logarithm of the number
 * of items. Not the kernel's heap, whose items are in one heap at a time and ordered by numbers. Waiting
 * holders are in two heaps, and equal shares are ordered by their names, so that the order is the same after
 * every restart.
 */
export class Heap<Item> {
  readonly #isBefore: (one: Item, other: Item) => boolean;
  readonly #items: Item[] = [];
  readonly #places = new Map<Item, number>();

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** Items in no order. */
  get items(): readonly Item[] {
    return this.#items;
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1, item);
  }

  /** Removes an item. Does nothing if the heap does not contain it. */
  remove(item: Item): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#places.delete(item);
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#reposition(place, last);
  }

  /** Moves an item whose order has changed. */
  move(item: Item): void {
    const place = this.#places.get(item);
    if (place !== undefined) this.#reposition(place, item);
  }

  #reposition(place: number, item: Item): void {
    this.#items[place] = item;
    this.#places.set(item, place);
    this.#rise(place, item);
    if (this.#places.get(item) === place) this.#sink(place, item);
  }

  #rise(from: number, item: Item): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#items[above] as Item;
      if (!this.#isBefore(item, other)) break;
      this.#set(place, other);
      place = above;
    }
    this.#set(place, item);
  }

  #sink(from: number, item: Item): void {
    const { length } = this.#items;
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= length) break;
      const right = left + 1;
      const isRight = right < length && this.#isBefore(this.#items[right] as Item, this.#items[left] as Item);
      const below = isRight ? right : left;
      const other = this.#items[below] as Item;
      if (!this.#isBefore(other, item)) break;
      this.#set(place, other);
      place = below;
    }
    this.#set(place, item);
  }

  #set(place: number, item: Item): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
