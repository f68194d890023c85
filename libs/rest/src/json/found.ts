/** Problems of a request, field by field, in words. */
import { didYouMean } from "@tutti/kernel";

export interface Wrong {
  readonly field: string;
  readonly message: string;
}

/** Maximum number of reported problems. */
const wrongMax = 20;
const describedLengthMax = 60;

export class Found {
  readonly wrong: Wrong[] = [];
  /** Entries of long lists that are read later, in slices. Undefined if everything is read at once. */
  later: (() => void)[] | undefined = undefined;
  readonly #isConfidential: boolean;

  /** @param isConfidential whether values are not repeated: one may be a secret in the wrong field */
  constructor(isConfidential = false) {
    this.#isConfidential = isConfidential;
  }

  /** Whether no further problem is recorded, so that reading can stop. */
  get isFull(): boolean {
    return this.wrong.length >= wrongMax;
  }

  add(field: string, message: string): void {
    if (!this.isFull) this.wrong.push({ field, message });
  }

  expected(field: string, expectation: string, found: unknown): void {
    this.add(
      field,
      `expected ${expectation}, got ${this.#isConfidential ? kindOf(found) : describeValue(found)}`,
    );
  }
}

function kindOf(value: unknown): string {
  const isNumber = typeof value === "object" && value !== null && JSON.isRawJSON(value);
  if (isNumber) return "a number";
  return typeof value === "object" || value === undefined ? describeValue(value) : `a ${typeof value}`;
}

/** Describes a value: its kind, and its content if that is short. */
function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return JSON.isRawJSON(value) ? JSON.stringify(value) : "an object";
  const text = JSON.stringify(value);
  return text.length > describedLengthMax ? `${text.slice(0, describedLengthMax)}…` : text;
}

/** Maximum number of listed names. */
const listedMax = 32;

/** Returns the problem of an unknown name. */
export function unknownName(kind: "field" | "parameter", name: string, known: readonly string[]): string {
  const suggestion = didYouMean(name, known);
  if (suggestion !== "" || known.length > listedMax) return `unknown ${kind}${suggestion}`;
  return known.length === 0
    ? `unknown ${kind}: there are none`
    : `unknown ${kind}: expected ${known.join(", ")}`;
}
