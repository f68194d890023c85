/**
 * Searching texts in time proportional to their lengths. The platform's own search takes the product of both where a text
 * nearly fits everywhere: 200,000 letters took it 7 s, and a million two minutes.
 */

/** Up to this length the platform searches: the product is small, and it is faster. */
const shortMax = 16;

export class TextSearch {
  readonly #wanted: string;
  readonly #borders: Uint32Array | undefined;

  constructor(wanted: string) {
    this.#wanted = wanted;
    this.#borders =
      wanted.length > shortMax ? bordersOf((at) => wanted.charCodeAt(at), wanted.length) : undefined;
  }

  /** Where it is found first, from a place on; -1 for nowhere. */
  first(text: string, from: number): number {
    if (this.#borders === undefined) return text.indexOf(this.#wanted, from);
    const found = search({
      length: text.length - from,
      at: (place) => text.charCodeAt(from + place),
      wanted: (place) => this.#wanted.charCodeAt(place),
      borders: this.#borders,
    });
    return found < 0 ? -1 : from + found;
  }
}

/** Where it is found last, starting at `from` or before; -1 for nowhere. */
export function lastPlace(text: string, wanted: string, from: number): number {
  if (wanted.length <= shortMax) return text.lastIndexOf(wanted, from);
  // The same search from the end to the beginning.
  const end = Math.min(text.length, from + wanted.length);
  const backward = (place: number): number => wanted.charCodeAt(wanted.length - 1 - place);
  const found = search({
    length: end,
    at: (place) => text.charCodeAt(end - 1 - place),
    wanted: backward,
    borders: bordersOf(backward, wanted.length),
  });
  return found < 0 ? -1 : end - found - wanted.length;
}

/** What a search takes at most, in steps. */
export function searchSteps(text: string, wanted: string): number {
  return ((text.length * Math.min(wanted.length, shortMax)) >>> 7) + (wanted.length >>> 3);
}

/** Of each beginning, the length of the longest shorter beginning that it ends with. */
function bordersOf(wanted: (place: number) => number, length: number): Uint32Array {
  const borders = new Uint32Array(length);
  let border = 0;
  for (let place = 1; place < length; place++) {
    while (border > 0 && wanted(place) !== wanted(border)) border = borders[border - 1] ?? 0;
    if (wanted(place) === wanted(border)) border += 1;
    borders[place] = border;
  }
  return borders;
}

function search({
  length,
  at,
  wanted,
  borders,
}: {
  readonly length: number;
  readonly at: (place: number) => number;
  readonly wanted: (place: number) => number;
  readonly borders: Uint32Array;
}): number {
  let fitting = 0;
  for (let place = 0; place < length; place++) {
    const code = at(place);
    while (fitting > 0 && code !== wanted(fitting)) fitting = borders[fitting - 1] ?? 0;
    if (code === wanted(fitting)) fitting += 1;
    if (fitting === borders.length) return place - fitting + 1;
  }
  return -1;
}

/** Returns the pieces between all places where it is found. */
export function splitAt(text: string, separator: string): string[] {
  if (separator.length <= shortMax) return text.split(separator);
  const search = new TextSearch(separator);
  const pieces: string[] = [];
  let from = 0;
  for (let found = search.first(text, from); found !== -1; found = search.first(text, from)) {
    pieces.push(text.slice(from, found));
    from = found + separator.length;
  }
  pieces.push(text.slice(from));
  return pieces;
}
