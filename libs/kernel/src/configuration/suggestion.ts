/** Maximum number of compared names: a longer list is more than a person would read. */
const comparedMax = 2_000;
/** Maximum length of a compared name. Two of this length cost 40,000 steps. */
const lengthMax = 200;

/** Returns the known name that was most likely meant. Undefined if none is similar. Compares at most 2,000 of them. */
export function nearest(found: string, known: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.min(4, Math.floor(found.length / 3)));
  const target = found.toLowerCase();
  let best: string | undefined;
  let bestDistance = limit + 1;
  let compared = 0;
  for (const name of known) {
    compared += 1;
    if (compared > comparedMax) break;
    const distance = distanceOf(target, name.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `. Did you mean …?`, or nothing. */
export function didYouMean(found: string, known: Iterable<string>): string {
  const name = nearest(found, known);
  return name === undefined ? "" : `. Did you mean \`${name}\`?`;
}

/**
 * Returns the number of insertions, deletions, replacements and swaps of neighbours between two words. Results of
 * `enough` or more are not exact.
 */
function distanceOf(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough || a.length > lengthMax) return enough;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
