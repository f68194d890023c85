/** What is wrong with a request, field by field, in words. */
import { didYouMean } from "@tutti/kernel";

export interface Wrong {
  readonly field: string;
  readonly message: string;
}

/** More than a person would read is not reported. */
const wrongMax = 20;
const shownMax = 60;

export class Found {
  readonly wrong: Wrong[] = [];
  /** Entries of long lists that are read after the rest, in slices. Undefined where everything is read at once. */
  later: (() => void)[] | undefined = undefined;
  readonly #isConfidential: boolean;

  /** @param isConfidential what was sent is not repeated: it may be a secret in the wrong place */
  constructor(isConfidential = false) {
    this.#isConfidential = isConfidential;
  }

  /** Nothing more is kept: further reading is for nothing. */
  get isFull(): boolean {
    return this.wrong.length >= wrongMax;
  }

  add(field: string, message: string): void {
    if (!this.isFull) this.wrong.push({ field, message });
  }

  expected(field: string, what: string, found: unknown): void {
    this.add(field, `expected ${what}, found ${this.#isConfidential ? kindOf(found) : shown(found)}`);
  }
}

function kindOf(value: unknown): string {
  const isNumber = typeof value === "object" && value !== null && JSON.isRawJSON(value);
  if (isNumber) return "a number";
  return typeof value === "object" || value === undefined ? shown(value) : `a ${typeof value}`;
}

/** A value in words: what it is, and what it says when it is short. */
function shown(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return JSON.isRawJSON(value) ? JSON.stringify(value) : "an object";
  const text = JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** More names than these are not listed. */
const listedMax = 32;

/** What is wrong with a name that a request does not have. */
export function unknownName(kind: "field" | "parameter", name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  if (near !== "" || known.length > listedMax) return `unknown ${kind}${near}`;
  return known.length === 0
    ? `unknown ${kind}: there are none`
    : `unknown ${kind}: expected ${known.join(", ")}`;
}
