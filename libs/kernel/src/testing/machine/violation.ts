import { isDeepStrictEqual } from "node:util";

/** A machine violates the contract: the expectation, the finding, and the place. */
export class MachineViolation extends Error {
  static {
    MachineViolation.prototype.name = "MachineViolation";
  }
}

/** Throws a violation unless two values are equal as plain data. */
export function expectSame(found: unknown, expected: unknown, where: string, meaning: string): void {
  if (isDeepStrictEqual(found, expected)) return;
  throw new MachineViolation(
    `${where}: ${meaning}: expected ${shown(expected)}, found ${shown(found)}; first difference at ${differenceOf(found, expected, "")}`,
  );
}

/** The same for bytes. Only bytes that differ are made into lists, which is expensive for a large state. */
export function expectSameBytes(
  found: Uint8Array,
  expected: Uint8Array,
  where: string,
  meaning: string,
): void {
  if (Buffer.compare(found, expected) !== 0) expectSame([...found], [...expected], where, meaning);
}

/** Throws a violation unless a condition holds. */
export function expect(holds: boolean, where: string, meaning: string): asserts holds {
  if (!holds) throw new MachineViolation(`${where}: ${meaning}`);
}

const shownLengthMax = 2_000;

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => (inner instanceof Map ? [...inner] : inner)) ?? "nothing";
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
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
