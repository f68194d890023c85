/** A rule that a worker does not keep: the expectation, the finding, and the remedy for its author. */
export class Unmet extends Error {
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;

  constructor(expected: string, found: string, remedy = "") {
    super(`expected ${expected}, got ${found}`);
    this.expected = expected;
    this.found = found;
    this.remedy = remedy;
  }
}

/** Requires a condition of the rule. */
export function expect(
  condition: boolean,
  expected: string,
  found: () => string,
  remedy?: string,
): asserts condition {
  if (!condition) throw new Unmet(expected, found(), remedy);
}

/** Requires that two values are equal as JSON. */
export function expectEqual(actual: unknown, expectedValue: unknown, label: string, remedy?: string): void {
  const found = print(actual);
  const expected = print(expectedValue);
  if (found !== expected) throw new Unmet(`${label} to be ${expected}`, found, remedy);
}

const valueLengthMax = 300;

function print(value: unknown): string {
  const text = JSON.stringify(value, inOrder) ?? "nothing";
  return text.length > valueLengthMax
    ? `${text.slice(0, valueLengthMax)}… (${text.length} characters)`
    : text;
}

/** Sorts keys, because their order has no meaning. */
function inOrder(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
