/**
 * Patterns of paths: `*` and `?` stand for characters of one name, `**` for any number of folders. Both are compared in
 * one pass with one place to return to, so that no pattern takes longer than its length times that of the path.
 */

export function matchesPath(pattern: string, path: string): boolean {
  const [parts, names] = [pattern.split("/"), path.split("/")];
  // `dist/**` is what is below `dist`.
  if (parts.at(-1) === "**") parts.push("*");
  return isLike(parts, names, {
    isAny: (part) => part === "**",
    isSame: (part, name) =>
      isLike([...part], [...name], {
        isAny: (sign) => sign === "*",
        isSame: (sign, given) => sign === "?" || sign === given,
      }),
  });
}

interface Rules {
  /** Whether it stands for any number of others. */
  isAny(part: string): boolean;
  isSame(part: string, given: string): boolean;
}

function isLike(pattern: readonly string[], given: readonly string[], { isAny, isSame }: Rules): boolean {
  let [at, from] = [0, 0];
  /** Behind the last one that stands for any number, and how far it reaches so far. */
  let [back, reach] = [-1, 0];
  while (at < given.length) {
    const part = pattern[from];
    if (part !== undefined && isAny(part)) {
      back = ++from;
      reach = at;
    } else if (part !== undefined && isSame(part, given[at] as string)) {
      from += 1;
      at += 1;
    } else if (back >= 0) {
      from = back;
      at = ++reach;
    } else return false;
  }
  return pattern.slice(from).every(isAny);
}
