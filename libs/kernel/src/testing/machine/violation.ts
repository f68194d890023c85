import { isDeepStrictEqual } from "node:util";

/** A machine violates the contract: the expectation, the finding, and the place. */
export class MachineViolation extends Error {
  static {
    MachineViolation.prototype.name = "MachineViolation";
  }
}

/** Throws a violation unless two values are equal as plain data. */
export function expectSame(found: unknown, expected: unknown, location: string, meaning: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new MachineViolation(
    `${location}: ${meaning}: expected ${printed(expected)}, got ${printed(found)}; first difference at ${differenceOf(found, expected, "")}`,
  );
}

/** The same for bytes. Only bytes that differ are made into lists, which is expensive for a large state. */
export function expectSameBytes(
  found: Uint8Array,
  expected: Uint8Array,
  location: string,
  meaning: string,
): void {
  if (Buffer.compare(found, expected) !== 0) expectSame([...found], [...expected], location, meaning);
}

/** Throws a violation unless a condition holds. */
export function expect(condition: boolean, location: string, meaning: string): asserts condition {
  if (!condition) throw new MachineViolation(`${location}: ${meaning}`);
}

const printedLengthMax = 2_000;

function printed(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => (inner instanceof Map ? [...inner] : inner)) ?? "nothing";
  return text.length > printedLengthMax ? `${text.slice(0, printedLengthMax)}…` : text;
}

function differenceOf(found: unknown, expected: unknown, path: string): string {
  if (!isRecord(found) || !isRecord(expected)) return path || "the top";
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
  const key = [...keys].find((each) => !isDeepStrictEqual(found[each], expected[each]));
  return key === undefined ? path || "the top" : differenceOf(found[key], expected[key], `${path}/${key}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Map);
}
