/**
 * Patterns of paths: `*` and `?` stand for characters of one name, `**` for any number of folders. A comparison is one
 * pass with a single backtracking position, so its time is bounded by the product of both lengths.
 */

export function matchesPath(pattern: string, path: string): boolean {
  const [parts, names] = [pattern.split("/"), path.split("/")];
  // `dist/**` matches all files below `dist`.
  if (parts.at(-1) === "**") parts.push("*");
  return isLike(parts, names, {
    isAny: (part) => part === "**",
    isSame: (part, name) =>
      isLike([...part], [...name], {
        isAny: (sign) => sign === "*",
        isSame: (sign, actual) => sign === "?" || sign === actual,
      }),
  });
}

interface Rules {
  /** Returns whether the part stands for any number of parts. */
  isAny(part: string): boolean;
  isSame(part: string, actual: string): boolean;
}

function isLike(pattern: readonly string[], actual: readonly string[], { isAny, isSame }: Rules): boolean {
  let [at, from] = [0, 0];
  /** Backtracking position after the last wildcard, and the reach of that wildcard so far. */
  let [back, reach] = [-1, 0];
  while (at < actual.length) {
    const part = pattern[from];
    if (part !== undefined && isAny(part)) {
      back = ++from;
      reach = at;
    } else if (part !== undefined && isSame(part, actual[at] as string)) {
      from += 1;
      at += 1;
    } else if (back >= 0) {
      from = back;
      at = ++reach;
    } else return false;
  }
  return pattern.slice(from).every(isAny);
}
