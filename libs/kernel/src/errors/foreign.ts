/**
 * Descriptions of errors that are not ours. Anything can be thrown: these functions never throw, for any
 * value, and never repeat a text that looks like a credential.
 */
import { redactText } from "../redaction/redaction.ts";

export interface Foreign {
  readonly name: string;
  readonly message: string;
  /** Node's and other libraries' own code, `ECONNREFUSED`. Empty where there is none. */
  readonly code: string;
}

const messageLengthMax = 4096;
const nameLengthMax = 100;

export function describeForeign(thrown: unknown): Foreign {
  if (typeof thrown === "string") return { name: "Error", message: sound(thrown), code: "" };
  if (typeof thrown !== "object" || thrown === null) {
    // Not a function's text: that is source code.
    const shown = typeof thrown === "function" ? "a function" : String(thrown);
    return { name: "Error", message: sound(`${shown} was thrown`), code: "" };
  }
  const name = readText(thrown, "name").slice(0, nameLengthMax).toWellFormed() || "Error";
  const code = readText(thrown, "code").slice(0, nameLengthMax).toWellFormed();
  // Happy eyeballs throws an AggregateError without a message of its own. The first of its errors says why.
  const message = readText(thrown, "message") || readText(firstOf(thrown), "message");
  return { name, message: sound(message), code };
}

/** Returns the cause of anything thrown, or undefined. */
export function causeOf(thrown: unknown): unknown {
  return typeof thrown === "object" && thrown !== null ? read(thrown, "cause") : undefined;
}

/** Returns the error that stands for a foreign one that came over the wire. It has no stack: it was not thrown here. */
export function foreignError({ name, message, code }: Foreign, cause: unknown): Error {
  const error = cause === undefined ? new Error(message) : new Error(message, { cause });
  const hidden = { writable: true, configurable: true, enumerable: false };
  Object.defineProperty(error, "name", { ...hidden, value: name });
  if (code !== "") Object.defineProperty(error, "code", { ...hidden, enumerable: true, value: code });
  error.stack = `${name}: ${message}`;
  return error;
}

function read(target: object, key: string): unknown {
  try {
    return Reflect.get(target, key);
  } catch {
    return undefined;
  }
}

function readText(target: unknown, key: string): string {
  if (typeof target !== "object" || target === null) return "";
  const value = read(target, key);
  return typeof value === "string" ? value : "";
}

function firstOf(thrown: object): unknown {
  const errors = read(thrown, "errors");
  return typeof errors === "object" && errors !== null ? read(errors, "0") : undefined;
}

function sound(message: string): string {
  const bounded = message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message;
  // Libraries like to print the address they failed to reach, password and all.
  return redactText(bounded.toWellFormed());
}
