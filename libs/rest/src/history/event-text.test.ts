import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventOf } from "./event.ts";
import { actorOf, eventText } from "./event-text.ts";
import { events } from "./testing.ts";

const [first] = events(["run_started"]);
const event = (type: string, details: object = {}, task = "a") =>
  events([type, task, details])[0] ?? (first as never);

describe("an event in words", () => {
  for (const [type, details, expected] of [
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
    it(`${type} ${JSON.stringify(details)}`, () => assert.equal(eventText(event(type, details)), expected));

  it("contains the error of an attempt and the time until the next attempt", () => {
    const failed = event("attempt_failed", {
      ...{ attempt: 2, error: { code: "bank.away", message: "the bank is away" } },
      retryMs: new Date(3_500).toISOString(),
    });
    assert.equal(eventText(failed), "failed in attempt 2: the bank is away. Next attempt after 2.5 s");
  });

  it("contains a decision with its author, the changed input and the reason", () => {
    const cause = { actor: { id: "anna" }, reason: "it was ordered" };
    const textWith = (more: object) =>
      eventText(event("approval_decided", { decision: { verdict: "VERDICT_APPROVED", cause, ...more } }));
    assert.equal(textWith({}), "approved by anna: it was ordered");
    const changed = { data: { input: { amount: 5 } } };
    assert.equal(textWith(changed), 'approved with input {"amount":5} by anna: it was ordered');
    assert.equal(textWith({ verdict: "VERDICT_REJECTED" }), "rejected by anna: it was ordered");
  });

  it("counts the calls and tokens of each model", () => {
    const call = { requestModel: "gpt-5", inputTokens: 10, outputTokens: 5 };
    const line = eventText(event("model_calls_noted", { calls: { calls: [call, call, {}] } }));
    assert.equal(line, "asked gpt-5 2 times (20 + 10 tokens), a model");
  });
});

describe("an event of the API", () => {
  it("has its task, its details and its actor", () => {
    const cause = { actor: { kind: "person" as const, id: "anna" }, reason: "lunch" };
    const event = eventOf({ event: 3, timeMs: 9, type: "run_paused", details: { reason: "lunch" }, cause });
    assert.deepEqual(event, {
      ...{ number: 3, timeMs: 9, type: "run_paused", task: "", details: { reason: "lunch" } },
      actor: { kind: "person", id: "anna", reason: "lunch" },
    });
    assert.deepEqual(eventOf({ type: "x", details: "strange" }).details, {});
  });
});

describe("the actor of an event", () => {
  it("is a person by name, an agent by its id, and else the platform", () => {
    const by = (kind: string, id: string, details: object = {}) =>
      actorOf({ actor: { kind, id, reason: "" }, details: details as Record<string, unknown> });
    assert.equal(by("person", "anna"), "anna");
    assert.equal(by("service", "workflow"), "tutti");
    assert.equal(by("service", "workflow", { agent: "w1" }), "w1");
  });
});
