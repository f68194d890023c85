import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventOf } from "./event.ts";
import { events } from "./testing.ts";
import { actorOf, wordsOf } from "./words.ts";

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

  it("says who decided what, with which form, and why", () => {
    const cause = { actor: { id: "anna" }, reason: "it was ordered" };
    const wordsWith = (more: object) =>
      wordsOf(event("approval_decided", { decision: { verdict: "VERDICT_APPROVED", cause, ...more } }));
    assert.equal(wordsWith({}), "approved by anna: it was ordered");
    const changed = { data: { input: { amount: 5 } } };
    assert.equal(wordsWith(changed), 'approved with input {"amount":5} by anna: it was ordered');
    assert.equal(wordsWith({ verdict: "VERDICT_REJECTED" }), "rejected by anna: it was ordered");
  });

  it("counts how often each model was asked, and its tokens", () => {
    const call = { requestModel: "gpt-5", inputTokens: 10, outputTokens: 5 };
    const words = wordsOf(event("model_calls_noted", { calls: { calls: [call, call, {}] } }));
    assert.equal(words, "asked gpt-5 2 times (20 + 10 tokens), a model");
  });
});

describe("an event of the API", () => {
  it("has its task, its details and who caused it", () => {
    const cause = { actor: { kind: "person" as const, id: "anna" }, reason: "lunch" };
    const event = eventOf({ event: 3, timeMs: 9, type: "run_paused", details: { reason: "lunch" }, cause });
    assert.deepEqual(event, {
      ...{ number: 3, timeMs: 9, type: "run_paused", task: "", details: { reason: "lunch" } },
      actor: { kind: "person", id: "anna", reason: "lunch" },
    });
    assert.deepEqual(eventOf({ type: "x", details: "strange" }).details, {});
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
