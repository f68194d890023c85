import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { events } from "../testing/facts.ts";
import { actorOf, filtered, partsOf, wordsOf } from "./words.ts";

const [first] = events(["run_started"]);
const event = (type: string, details: object = {}, task = "a") =>
  events([type, task, details])[0] ?? (first as never);

describe("an event in words", () => {
  for (const [type, details, words] of [
    ["task_queued", { attempt: 1 }, "waits for a worker"],
    ["attempt_queued", { attempt: 3 }, "waits for a worker again (attempt 3)"],
    ["task_completed", { agent: "w1" }, "completed by w1"],
    ["task_completed", { fromCache: true }, "has its output from the cache"],
    ["run_paused", { reason: "lunch" }, "was paused: lunch"],
    ["task_waiting", { signal: "paid" }, "waits for the signal paid"],
    ["task_waiting", { signal: "event:shop.paid" }, "waits for the event shop.paid"],
    ["run_retried", { tasks: ["a", "b"] }, "was retried from a, b"],
    ["approval_asked", { title: "Pay 500?" }, "requests an approval: Pay 500?"],
    [
      "task_repaired",
      { status: "TASK_STATUS_SKIPPED", reason: "known" },
      "was repaired manually: skipped: known",
    ],
    ["something_new", {}, "something new"],
  ] as const)
    it(`${type} ${JSON.stringify(details)}`, () => assert.equal(wordsOf(event(type, details)), words));

  it("says how an attempt failed and when the next one comes", () => {
    const failed = event("attempt_failed", {
      ...{ attempt: 2, error: { code: "bank.away", message: "the bank is away" } },
      retryMs: new Date(3_500).toISOString(),
    });
    assert.equal(wordsOf(failed), "failed in attempt 2: the bank is away. Next attempt after 2.5 s");
  });

  it("says who decided, and why", () => {
    const decision = {
      verdict: "VERDICT_APPROVED",
      cause: { actor: { id: "anna" }, reason: "it was ordered" },
    };
    assert.equal(wordsOf(event("approval_decided", { decision })), "approved by anna: it was ordered");
  });
});

describe("who caused an event", () => {
  it("is a person by name, an agent by its id, and else the platform", () => {
    const by = (kind: string, id: string, details: object = {}) =>
      actorOf({ actor: { kind, id, reason: "" }, details: details as Record<string, unknown> });
    assert.equal(by("person", "anna"), "anna");
    assert.equal(by("service", "workflow"), "tutti");
    assert.equal(by("service", "workflow", { agent: "w1" }), "w1");
  });
});

describe("a filter of a history", () => {
  const history = events(
    ["run_started"],
    ["task_queued", "ship[0]"],
    ["task_failed", "ship[0]", { error: { message: "too heavy" } }],
    ["task_queued", "shipping"],
    ["approval_asked", "sure", { title: "Pay?" }],
  );
  const numbers = (filter: Partial<Parameters<typeof filtered>[1]>) =>
    filtered(history, { part: "", text: "", task: "", ...filter }).map(({ number }) => number);

  it("keeps a part, a task with its entries, and what has a text", () => {
    assert.deepEqual(numbers({}), [1, 2, 3, 4, 5]);
    assert.deepEqual(numbers({ part: "run" }), [1]);
    assert.deepEqual(numbers({ part: "errors" }), [3]);
    assert.deepEqual(numbers({ part: "people" }), [5]);
    assert.deepEqual(numbers({ task: "ship" }), [2, 3]);
    assert.deepEqual(numbers({ text: "HEAVY" }), [3]);
  });

  it("has every event in a part", () => {
    for (const each of history) assert.ok(partsOf(each).size > 0);
  });
});
