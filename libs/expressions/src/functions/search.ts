/**
 * Searches texts in time proportional to their lengths. The built-in search takes the product of both if a text nearly
 * matches everywhere: 200,000 letters took it 7 s, and a million two minutes.
 */

/** Up to this length the built-in search is used: the product is small, and it is faster. */
const shortMax = 16;

export class TextSearch {
  readonly #pattern: string;
  readonly #borders: Uint32Array | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#borders =
      pattern.length > shortMax ? bordersOf((at) => pattern.charCodeAt(at), pattern.length) : undefined;
  }

  /** Returns the first occurrence from an index on; -1 for none. */
  first(text: string, from: number): number {
    if (this.#borders === undefined) return text.indexOf(this.#pattern, from);
    const found = search({
      length: text.length - from,
      at: (place) => text.charCodeAt(from + place),
      patternAt: (place) => this.#pattern.charCodeAt(place),
      borders: this.#borders,
    });
    return found < 0 ? -1 : from + found;
  }
}

/** Returns the last occurrence that starts at or before `from`; -1 for none. */
export function lastPlace(text: string, pattern: string, from: number): number {
  if (pattern.length <= shortMax) return text.lastIndexOf(pattern, from);
  // Runs the same search backwards.
  const end = Math.min(text.length, from + pattern.length);
  const backward = (place: number): number => pattern.charCodeAt(pattern.length - 1 - place);
  const found = search({
    length: end,
    at: (place) => text.charCodeAt(end - 1 - place),
    patternAt: backward,
    borders: bordersOf(backward, pattern.length),
  });
  return found < 0 ? -1 : end - found - pattern.length;
}

/** Returns the maximum cost of a search, in steps. */
export function searchSteps(text: string, pattern: string): number {
  return ((text.length * Math.min(pattern.length, shortMax)) >>> 7) + (pattern.length >>> 3);
}

/** Returns for each prefix the length of its longest proper prefix that is also its suffix. */
function bordersOf(patternAt: (place: number) => number, length: number): Uint32Array {
  const borders = new Uint32Array(length);
  let border = 0;
  for (let place = 1; place < length; place++) {
    while (border > 0 && patternAt(place) !== patternAt(border)) border = borders[border - 1] ?? 0;
    if (patternAt(place) === patternAt(border)) border += 1;
    borders[place] = border;
  }
  return borders;
}

function search({
  length,
  at,
  patternAt,
  borders,
}: {
  readonly length: number;
  readonly at: (place: number) => number;
  readonly patternAt: (place: number) => number;
  readonly borders: Uint32Array;
}): number {
  let matched = 0;
  for (let place = 0; place < length; place++) {
    const code = at(place);
    while (matched > 0 && code !== patternAt(matched)) matched = borders[matched - 1] ?? 0;
    if (code === patternAt(matched)) matched += 1;
    if (matched === borders.length) return place - matched + 1;
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
