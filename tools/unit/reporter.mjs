// @ts-check

// A reporter for node:test that sends the result of every test to the parent process over file descriptor 3.

import { AssertionError } from "node:assert";
import { writeSync } from "node:fs";
import { inspect } from "node:util";
import { cpuMs } from "./usage.mjs";

/** @param {object} message */
function tell(message) {
  writeSync(3, `${JSON.stringify(message)}\n`);
}

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* report(events) {
  /** @type {string[]} */
  const titles = [];
  for await (const { type, data } of events) {
    if (type === "test:start") {
      titles.length = data.nesting;
      titles.push(data.name);
    }
    if (type === "test:pass" || type === "test:fail")
      outcome(type, data, [...titles.slice(0, data.nesting), data.name].join(" › "));
    // Diagnostics of the outermost level are node:test's statistics, and errors that trace.mjs reports.
    if (type === "test:diagnostic" && data.nesting > 0) tell({ kind: "note", text: data.message });
  }
  yield "";
}

/**
 * @param {string} type
 * @param {any} data
 * @param {string} title
 */
function outcome(type, data, title) {
  const suite = data.details.type === "suite";
  // The cost of a file includes its hooks.
  if (data.nesting === 0) tell({ kind: "end", file: data.file, cpuMs: cpuMs() });
  const place = { file: data.file, line: data.line, title };
  if (data.skip !== undefined || data.todo !== undefined) {
    if (!suite)
      tell({
        kind: "skip",
        ...place,
        reason: [data.skip, data.todo].find((reason) => typeof reason === "string") ?? "",
      });
  } else if (type === "test:fail") {
    // A suite or test that failed only because of its subtests adds no information.
    if (data.details.error.failureType !== "subtestsFailed")
      tell({ kind: "fail", ...place, text: explain(data.details.error) });
  } else if (!suite && data.name !== data.file) {
    tell({ kind: "pass", ...place });
  }
}

/** @param {Error} error node:test's wrapper, whose cause is the error of the test */
function explain(error) {
  const thrown = error.cause ?? error.message;
  if (typeof thrown === "string") return thrown;
  // An assertion's message has the difference. Its other properties would only repeat it.
  const text = thrown instanceof AssertionError ? String(thrown.stack) : inspect(thrown, { depth: 4 });
  return text.replace(/\n\s+at [^\n]*\bnode:[^\n]*?(?=( \{)?(\n|$))/g, "");
}
