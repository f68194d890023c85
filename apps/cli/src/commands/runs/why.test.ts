import assert from "node:assert/strict";
import { it } from "node:test";
import type { Explanation } from "@tutti/rest/types";
import { withoutRepeats } from "./why.ts";

const none = { candidates: [], failures: [], parts: [] };
const told = (message: string, command: string, summary = ""): Explanation => ({
  ...{ ...none, summary, waits: [{ cause: "signal", message, present: true, holders: [] }] },
  remedies: [{ text: "Send it.", command }],
});

it("the explanation of a run does not repeat its only cause, and keeps what only a task has", () => {
  const whole = told("1 task (`told`): it waits for go", "tutti signal r go");
  assert.deepEqual(withoutRepeats(told("it waits for go", "tutti signal r go"), whole), []);
  const other = told("it waits for stop", "tutti signal r stop");
  assert.deepEqual(withoutRepeats(other, whole), [other]);
  const errors = [{ task: "told", error: { message: "no", violations: [], details: {} } }];
  const failed = { ...told("it waits for go", "tutti signal r go", "It is late."), failures: errors };
  assert.deepEqual(withoutRepeats(failed, whole), [{ ...failed, waits: [], remedies: [] }]);
});
