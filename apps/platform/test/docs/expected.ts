/**
 * Compares the output on a page with the actual output. Words must be equal, white space counts as one blank, and `…`
 * matches anything. JSON is compared as JSON: the actual output must contain the members on the page and may have more.
 */
import assert from "node:assert/strict";

export function assertShown(expected: string, actual: string, place: string): void {
  const parts = expected.split("…").map(plain);
  const found = plain(actual);
  let from = 0;
  for (const part of parts) {
    const at = found.indexOf(part, from);
    assert.ok(at >= 0, `${place}: expected the output to show\n${part}\nbut it was\n${actual}`);
    from = at + part.length;
  }
}

export function assertShownJson(expected: string, actual: string, place: string): void {
  const problem = differenceOf(JSON.parse(expected), JSON.parse(actual), "");
  assert.equal(problem, undefined, `${place}: ${problem}; the output was\n${actual}`);
}

function plain(text: string): string {
  // Colours are for terminals.
  return text
    .replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Returns the place of an expected value that is missing. Undefined if all values are present. */
function differenceOf(expected: unknown, actual: unknown, path: string): string | undefined {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `expected a list at ${path || "the top"}`;
    const missing = expected.findIndex((line) => !actual.some((other) => !differenceOf(line, other, "")));
    return missing < 0 ? undefined : `expected ${path}[] to have ${JSON.stringify(expected[missing])}`;
  }
  if (typeof expected === "object" && expected !== null) {
    if (typeof actual !== "object" || actual === null) return `expected an object at ${path || "the top"}`;
    const found = new Map(Object.entries(actual));
    for (const [key, value] of Object.entries(expected)) {
      const difference = differenceOf(value, found.get(key), `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (typeof expected === "string" && expected.includes("…")) {
    const form = new RegExp(`^${expected.split("…").map(escaped).join(".*")}$`, "s");
    if (typeof actual === "string" && form.test(actual)) return undefined;
  }
  return Object.is(expected, actual)
    ? undefined
    : `expected ${JSON.stringify(expected)} at ${path}, got ${JSON.stringify(actual)}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
