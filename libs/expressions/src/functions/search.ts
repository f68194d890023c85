/**
 * Searches texts in time proportional to their lengths. The built-in search takes the product of both if a text nearly
 * matches everywhere: 200,000 letters took it 7 s, and a million two minutes.
 */

/** Up to this length the built-in search is used: the product is small, and it is faster. */
const shortMax = 16;

export class TextSearch {
  readonly #wanted: string;
  readonly #borders: Uint32Array | undefined;

  constructor(wanted: string) {
    this.#wanted = wanted;
    this.#borders =
      wanted.length > shortMax ? bordersOf((at) => wanted.charCodeAt(at), wanted.length) : undefined;
  }

  /** Returns the first occurrence from an index on; -1 for none. */
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

/** Returns the last occurrence that starts at or before `from`; -1 for none. */
export function lastPlace(text: string, wanted: string, from: number): number {
  if (wanted.length <= shortMax) return text.lastIndexOf(wanted, from);
  // Runs the same search backwards.
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

/** Returns the maximum cost of a search, in steps. */
export function searchSteps(text: string, wanted: string): number {
  return ((text.length * Math.min(wanted.length, shortMax)) >>> 7) + (wanted.length >>> 3);
}

/** Returns for each prefix the length of its longest proper prefix that is also its suffix. */
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

/** Returns the parts between all occurrences. */
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
