/**
 * A hash table by token: the 16 bytes in every message about an attempt. Tokens are compared as four words,
 * with open addressing. So a lookup costs a fraction of making a string key.
 *
 * 1. Values are found by the bytes of a token, in any buffer.
 * 2. At least a quarter of the places is free, so that a search ends. A removal closes its gap, so that
 *    searches do not become longer.
 */
import { assert } from "@tutti/kernel";

const placesMin = 64;
/** The table shrinks after this many times as many removals as it has places, while it is nearly empty. */
const shrinkAfter = 4;

export class TokenTable<Value> {
  readonly #seed: number;
  #words = new Int32Array(placesMin * 4);
  #values: (Value | undefined)[] = new Array<Value | undefined>(placesMin).fill(undefined);
  #mask = placesMin - 1;
  #size = 0;
  /** Number of removals while most places were free. */
  #sparse = 0;

  /** @param seed prevents callers that choose tokens from making them all collide */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#size;
  }

  get(token: Uint8Array): Value | undefined {
    return this.#values[this.#find(token)];
  }

  set(token: Uint8Array, value: Value): void {
    assert(token.length === 16, "a token has 16 bytes", { length: token.length });
    let place = this.#find(token);
    if (this.#values[place] === undefined) {
      if ((this.#size + 1) * 4 > (this.#mask + 1) * 3) {
        this.#resize((this.#mask + 1) * 2);
        this.#sparse = 0;
        place = this.#find(token);
      }
      this.#size++;
      const at = place * 4;
      for (let word = 0; word < 4; word++) this.#words[at + word] = wordOf(token, word * 4);
    }
    this.#values[place] = value;
  }

  delete(token: Uint8Array): boolean {
    const place = this.#find(token);
    if (this.#values[place] === undefined) return false;
    this.#size--;
    this.#close(place);
    // Not at once: tasks come and go in groups, and the table would be resized with each group.
    if (this.#mask >= placesMin && this.#size * 8 < this.#mask && ++this.#sparse > shrinkAfter * this.#mask) {
      this.#resize((this.#mask + 1) / 2);
      this.#sparse = 0;
    }
    return true;
  }

  *values(): Generator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  /** Returns the place of a token, or the free place for it. */
  #find(token: Uint8Array): number {
    const first = wordOf(token, 0);
    const second = wordOf(token, 4);
    const third = wordOf(token, 8);
    const fourth = wordOf(token, 12);
    let place = this.#home(first, second, third, fourth);
    const words = this.#words;
    while (this.#values[place] !== undefined) {
      const at = place * 4;
      if (
        words[at] === first &&
        words[at + 1] === second &&
        words[at + 2] === third &&
        words[at + 3] === fourth
      )
        return place;
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #home(first: number, second: number, third: number, fourth: number): number {
    let mixed = Math.imul(first ^ this.#seed, 0x9e3779b1);
    mixed = Math.imul((mixed ^ (mixed >>> 15)) + second, 0x85ebca77);
    mixed = Math.imul((mixed ^ (mixed >>> 13)) + third, 0xc2b2ae3d);
    mixed = Math.imul((mixed ^ (mixed >>> 16)) + fourth, 0x27d4eb2f);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #homeOf(place: number): number {
    const at = place * 4;
    const words = this.#words;
    return this.#home(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    );
  }

  /** Moves up the entries that a search would not find across the gap. */
  #close(from: number): void {
    let gap = from;
    for (
      let place = (gap + 1) & this.#mask;
      this.#values[place] !== undefined;
      place = (place + 1) & this.#mask
    ) {
      const home = this.#homeOf(place);
      if (((place - home) & this.#mask) < ((place - gap) & this.#mask)) continue;
      this.#values[gap] = this.#values[place];
      this.#words.copyWithin(gap * 4, place * 4, place * 4 + 4);
      gap = place;
    }
    this.#values[gap] = undefined;
  }

  #resize(places: number): void {
    const words = this.#words;
    const values = this.#values;
    this.#words = new Int32Array(places * 4);
    this.#values = new Array<Value | undefined>(places).fill(undefined);
    this.#mask = places - 1;
    for (let from = 0; from < values.length; from++) {
      const value = values[from];
      if (value === undefined) continue;
      const at = from * 4;
      const parts = words.subarray(at, at + 4);
      let place = this.#home(
        words[at] as number,
        words[at + 1] as number,
        words[at + 2] as number,
        words[at + 3] as number,
      );
      while (this.#values[place] !== undefined) place = (place + 1) & this.#mask;
      this.#values[place] = value;
      this.#words.set(parts, place * 4);
    }
  }
}

function wordOf(token: Uint8Array, at: number): number {
  return (
    (token[at] as number) |
    ((token[at + 1] as number) << 8) |
    ((token[at + 2] as number) << 16) |
    ((token[at + 3] as number) << 24)
  );
}
