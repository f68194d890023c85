/** Fields of a refused request by what the user wrote: an argument or an option. */
import type { RestError } from "@tutti/rest/client";
import type { Values } from "../command/values.ts";
import { printDurationMs } from "../terminal/time.ts";

/** Of requests that break the rules of their contract. Other errors name fields of users' data. */
const ofContracts: ReadonlySet<string> = new Set(["mesh.invalid_request", "rest.request_invalid"]);

/** Each problem with the argument or option that has the wrong value. Undefined if any has none. */
export function problemsAsWritten(
  { code, fields }: RestError,
  values: Values,
): readonly string[] | undefined {
  if (!ofContracts.has(code) || fields.length === 0) return undefined;
  const problems: string[] = [];
  for (const { field, message } of fields) {
    const name = values.nameOf(foundIn(message)) ?? values.optionLike(optionWord(field));
    if (name === undefined) return undefined;
    problems.push(`${name}: ${field.endsWith("Ms") ? withDurations(message) : message}.`);
  }
  return problems;
}

/** Milliseconds as durations: a user writes `2h`. */
function withDurations(message: string): string {
  return message
    .replace("a number from", "a duration from")
    .replace(/\b\d+\b/g, (ms) => printDurationMs(Number(ms)));
}

/** The text or the number that was found. */
function foundIn(message: string): string {
  const [, json = '""'] = /, found ("(?:[^"\\]|\\.)*"|-?\d[\d.]*)$/.exec(message) ?? [];
  return String(JSON.parse(json));
}

/** `spec.timeoutMs` as an option is called. */
function optionWord(field: string): string {
  const last = field.split(".").at(-1) ?? "";
  return last.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/-ms$/, "");
}
