import { errorText } from "./catalogue.ts";
import { kernelErrors } from "./kernel-errors.ts";
import { TuttiError } from "./tutti-error.ts";

/** What was found when an assertion failed. Identifiers and numbers. Never a secret or a user's data. */
export type Facts = Readonly<Record<string, unknown>>;

/** A bug of our own: a fact the code relies on did not hold. It is never caught to continue with the same state. */
export class AssertionFault extends TuttiError {
  static {
    AssertionFault.prototype.name = "AssertionFault";
  }

  constructor(message: string, facts: Facts = {}) {
    const { code, entry } = kernelErrors.assertion;
    const details: Record<string, string> = {};
    for (const [key, fact] of Object.entries(facts)) details[key] = shown(fact);
    super({
      code,
      status: entry.status,
      retry: entry.retry,
      message: errorText(entry, { message }),
      details,
    });
  }
}

/** Throws an `AssertionFault` unless the condition holds. The message completes "expected that …". */
export function assert(condition: unknown, message: string, facts?: Facts): asserts condition {
  if (!condition) {
    const fault = new AssertionFault(message, facts);
    Error.captureStackTrace?.(fault, assert);
    throw fault;
  }
}

/** The last branch of an exhaustive switch: the compiler proves it is never reached, this says so if it lied. */
export function unreachable(value: never, what: string): never {
  throw new AssertionFault(`${what} is one of the known ones`, { found: value });
}

const factLengthMax = 200;

function shown(fact: unknown): string {
  let text: string;
  try {
    // JSON has no form for some objects and gives undefined.
    text = String(typeof fact === "object" && fact !== null ? JSON.stringify(fact) : fact);
  } catch {
    text = `an unprintable ${typeof fact}`;
  }
  return text.length > factLengthMax ? `${text.slice(0, factLengthMax)}…` : text;
}
