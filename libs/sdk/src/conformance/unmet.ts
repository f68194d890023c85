/** A rule that a worker does not keep: the expectation, the finding, and the remedy for its author. */
export class Unmet extends Error {
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(expected: string, found: string, remedy = "") {
    super(`expected ${expected}; found ${found}`);
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }
}

/** Requires a condition of the rule. */
export function expect(
  holds: boolean,
  expected: string,
  found: () => string,
  remedy?: string,
): asserts holds {
  if (!holds) throw new Unmet(expected, found(), remedy);
}

/** Requires that two values are equal as JSON. */
export function expectEqual(actual: unknown, wanted: unknown, what: string, remedy?: string): void {
  const found = shown(actual);
  const expected = shown(wanted);
  if (found !== expected) throw new Unmet(`${what} to be ${expected}`, found, remedy);
}

const shownMax = 300;

function shown(value: unknown): string {
  const text = JSON.stringify(value, inOrder) ?? "nothing";
  return text.length > shownMax ? `${text.slice(0, shownMax)}… (${text.length} characters)` : text;
}

/** Sorts keys, because their order has no meaning. */
function inOrder(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
