/** Names the fields of a rejected request as the user wrote them: as arguments and options. */
import type { RestError } from "@tutti/rest/client";
import type { Values } from "../command/values.ts";
import { printDurationMs } from "../terminal/time.ts";

/** Codes of requests that violate their contract. Other errors name fields of users' data. */
const ofContracts: ReadonlySet<string> = new Set(["mesh.invalid_request", "rest.request_invalid"]);

/** Returns each problem with its argument or option. Undefined if a problem belongs to none. */
export function problemsAsWritten(
  { code, fields }: RestError,
  values: Values,
): readonly string[] | undefined {
  if (!ofContracts.has(code) || fields.length === 0) return undefined;
  const problems: string[] = [];
  for (const { field, message } of fields) {
    const name = values.nameOf(foundIn(message)) ?? values.optionLike(optionName(field));
    if (name === undefined) return undefined;
    problems.push(`${name}: ${field.endsWith("Ms") ? withDurations(message) : message}.`);
  }
  return problems;
}

/** Replaces milliseconds by durations, because a user writes `2h`. */
function withDurations(message: string): string {
  return message
    .replace("a number from", "a duration from")
    .replace(/\b\d+\b/g, (ms) => printDurationMs(Number(ms)));
}

/** Returns the text or number that the message reports as found. */
function foundIn(message: string): string {
  const [, json = '""'] = /, got ("(?:[^"\\]|\\.)*"|-?\d[\d.]*)$/.exec(message) ?? [];
  return String(JSON.parse(json));
}

/** Returns the option name of a field such as `spec.timeoutMs`. */
function optionName(field: string): string {
  const last = field.split(".").at(-1) ?? "";
  return last.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/-ms$/, "");
}
