import { errorText } from "./catalogue.ts";
import { kernelErrors } from "./kernel-errors.ts";
import { TuttiError } from "./tutti-error.ts";

/** Facts about a failed assertion. Identifiers and numbers, never a secret or a user's data. */
export type Facts = Readonly<Record<string, unknown>>;

/** Our own bug: a fact that the code relies on is false. Never catch it to continue with the same state. */
export class AssertionFault extends TuttiError {
  static {
    AssertionFault.prototype.name = "AssertionFault";
  }

  constructor(message: string, facts: Facts = {}) {
    const { code, entry } = kernelErrors.assertion;
    const details: Record<string, string> = {};
    for (const [key, fact] of Object.entries(facts)) details[key] = printed(fact);
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

/**
 * The last branch of an exhaustive switch. The compiler proves that it is never reached. It throws if a value does not
 * have its type.
 */
export function unreachable(value: never, name: string): never {
  throw new AssertionFault(`${name} is one of the known ones`, { found: value });
}

const factLengthMax = 200;

function printed(fact: unknown): string {
  let text: string;
  try {
    // JSON returns undefined for some objects.
    text = String(typeof fact === "object" && fact !== null ? JSON.stringify(fact) : fact);
  } catch {
    text = `an unprintable ${typeof fact}`;
  }
  return text.length > factLengthMax ? `${text.slice(0, factLengthMax)}…` : text;
}
