/** What can are in a heap: its order are two numbers, and it knows its place. In one heap at a time. */
export interface Ranked {
  /** Smaller goes first. */
  rank: number;
  /** Decides among equals. */
  order: number;
  /** Where it stands. Below 0 when in none. */
  place: number;
}

/**
 * A binary heap whose items know their places: adding, moving and removing cost the logarithm of how many there are.
 */
export class Heap<Item extends Ranked> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  /** The first is the first. For the rest, each is behind one that is at half its place. */
  get items(): readonly Item[] {
    return this.#items;
  }

  add(item: Item): void {
    const place = this.#items.length;
    item.place = place;
    this.#items.push(item);
    if (place > 0) this.#rise(place, item);
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

  /** What orders an item has changed. */
  move(item: Item): void {
    const { place } = item;
    if (place > 0 && isBefore(item, this.#items[(place - 1) >> 1] as Item)) this.#rise(place, item);
    else this.#sink(place, item);
  }

  /** Takes all out. */
  clear(): void {
    for (const item of this.#items) item.place = -1;
    this.#items.length = 0;
  }

  #rise(from: number, item: Item): void {
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

/** Returns whether one stands before another in the same heap. */
export function isBefore(one: Ranked, other: Ranked): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
