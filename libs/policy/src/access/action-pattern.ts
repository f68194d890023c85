/**
 * Patterns of actions: `workflow.runs.*`, `*.get`, `*`. A star stands for any text, dots included.
 *
 * A pattern comes from the caller that requests rights, so the time to match depends only on its length:
 * backtracking goes no further than to the last star.
 */
export function matchesAction(pattern: string, action: string): boolean {
  let [at, from] = [0, 0];
  let star = -1;
  let resume = 0;
  while (at < action.length) {
    if (pattern[from] === "*") {
      star = from++;
      resume = at;
    } else if (pattern[from] === action[at]) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}

export function matchesAny(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matchesAction(pattern, action));
}

/** Returns whether the first pattern matches all that the second matches. False if that is uncertain. */
export function coversPattern(wide: string, narrow: string): boolean {
  // A star in the narrow pattern stands for texts that only a star can match.
  return matchesAction(wide, narrow);
}
