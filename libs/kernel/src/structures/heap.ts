/** An item of a heap: two numbers define its order, and it knows its place. It can be in one heap at a time. */
export interface Ranked {
  /** Smaller goes first. */
  rank: number;
  /** Decides between equal ranks. */
  order: number;
  /** Index in the heap. Below 0 if it is in none. */
  place: number;
}

/** A binary heap whose items know their places: adding, moving and removing take logarithmic time. */
export class Heap<Item extends Ranked> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** The first item is the smallest. Every other item is behind the one at half its place. */
  get items(): readonly Item[] {
    return this.#items;
  }

  add(item: Item): void {
    const place = this.#items.length;
    item.place = place;
    this.#items.push(item);
    if (place > 0) this.#siftUp(place, item);
  }

  remove(item: Item): void {
    const { place } = item;
    item.place = -1;
    const last = this.#items.pop() as Item;
    if (last === item) return;
    this.#items[place] = last;
    last.place = place;
    this.move(last);
  }

  /** Moves an item whose rank or order has changed. */
  move(item: Item): void {
    const { place } = item;
    if (place > 0 && isBefore(item, this.#items[(place - 1) >> 1] as Item)) this.#siftUp(place, item);
    else this.#sink(place, item);
  }

  /** Removes all items. */
  clear(): void {
    for (const item of this.#items) item.place = -1;
    this.#items.length = 0;
  }

  #siftUp(from: number, item: Item): void {
    const items = this.#items;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = items[above] as Item;
      if (!isBefore(item, other)) break;
      items[place] = other;
      other.place = place;
      place = above;
    }
    items[place] = item;
    item.place = place;
  }

  #sink(from: number, item: Item): void {
    const items = this.#items;
    const { length } = items;
    let place = from;
    for (let below = 2 * place + 1; below < length; below = 2 * place + 1) {
      const right = below + 1;
      if (right < length && isBefore(items[right] as Item, items[below] as Item)) below = right;
      const other = items[below] as Item;
      if (!isBefore(other, item)) break;
      items[place] = other;
      other.place = place;
      place = below;
    }
    items[place] = item;
    item.place = place;
  }
}

/** Returns whether one item precedes another in the same heap. */
export function isBefore(one: Ranked, other: Ranked): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
