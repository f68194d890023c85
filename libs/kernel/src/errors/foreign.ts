/**
 * Descriptions of errors that are not ours. Any value can be thrown. These functions never throw, and never print a
 * text that looks like a credential.
 */
import { redactText } from "../redaction/redaction.ts";

export interface Foreign {
  readonly name: string;
  readonly message: string;
  /** Code of Node or another library, such as `ECONNREFUSED`. Empty if there is none. */
  readonly code: string;
}

const messageLengthMax = 4096;
const nameLengthMax = 100;

export function describeForeign(thrown: unknown): Foreign {
  if (typeof thrown === "string") return { name: "Error", message: sound(thrown), code: "" };
  if (typeof thrown !== "object" || thrown === null) {
    // A function's text is source code, so it is left out.
    const text = typeof thrown === "function" ? "a function" : String(thrown);
    return { name: "Error", message: sound(`${text} was thrown`), code: "" };
  }
  const name = readText(thrown, "name").slice(0, nameLengthMax).toWellFormed() || "Error";
  const code = readText(thrown, "code").slice(0, nameLengthMax).toWellFormed();
  // Happy eyeballs throws an AggregateError without a message. The first of its errors has the reason.
  const message = readText(thrown, "message") || readText(firstOf(thrown), "message");
  return { name, message: sound(message), code };
}

/** Returns the cause of anything thrown, or undefined. */
export function causeOf(thrown: unknown): unknown {
  return typeof thrown === "object" && thrown !== null ? read(thrown, "cause") : undefined;
}

/** Returns the error for a foreign one that came over the wire. It has no stack, because it was not thrown here. */
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
  // Libraries tend to print the unreachable address, including the password.
  return redactText(bounded.toWellFormed());
}
