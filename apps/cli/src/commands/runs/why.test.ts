import assert from "node:assert/strict";
import { it } from "node:test";
import type { Explanation } from "@tutti/rest/types";
import { withoutRepeats } from "./why.ts";

const empty = { candidates: [], failures: [], parts: [] };
const explanationOf = (message: string, command: string, summary = ""): Explanation => ({
  ...{ ...empty, summary, waits: [{ cause: "signal", message, present: true, holders: [] }] },
  remedies: [{ text: "Send it.", command }],
});

it("the explanation of a run does not repeat its only cause, and keeps details that only a task has", () => {
  const combined = explanationOf("1 task (`told`): it waits for go", "tutti signal r go");
  assert.deepEqual(withoutRepeats(explanationOf("it waits for go", "tutti signal r go"), combined), []);
  const other = explanationOf("it waits for stop", "tutti signal r stop");
  assert.deepEqual(withoutRepeats(other, combined), [other]);
  const errors = [{ task: "told", error: { message: "no", violations: [], details: {} } }];
  const failed = {
    ...explanationOf("it waits for go", "tutti signal r go", "It is late."),
    failures: errors,
  };
  assert.deepEqual(withoutRepeats(failed, combined), [{ ...failed, waits: [], remedies: [] }]);
});
