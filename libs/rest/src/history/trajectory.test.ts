import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { events } from "./testing.ts";
import { trajectoriesOf } from "./trajectory.ts";

const step = (id: string, atMs: number, value: unknown, more: object = {}) =>
  [
    "step_recorded",
    "answer",
    { entry: { id, atMs: new Date(atMs).toISOString(), json: JSON.stringify(value), ...more } },
  ] as const;
const call = (name: string, input: unknown) => ({ call: { id: "c", name, input } });
const reply = (...parts: object[]) => ({
  parts,
  stop: "end",
  model: "any",
  inputTokens: 10,
  outputTokens: 5,
});

/** The event with the number n is at 1,000 ms plus 10 ms for each event before it. */
const history = events(
  ["run_started"],
  ["task_queued", "answer", { input: { instructions: "Count." } }],
  step("tools", 1_015, []),
  step(
    "model",
    1_025,
    reply(
      { text: "I look. " },
      call("count", { of: "oboe" }),
      call("count", { of: "flute" }),
      call("nope", {}),
    ),
  ),
  ["tasks_added", "answer", { tasks: ["approve-count", "count", "count-2"] }],
  ["task_queued", "count", { input: { of: "flute" } }],
  ["task_queued", "count-2", { input: { of: "OBOE" } }],
  ["task_completed", "count", { output: 7 }],
  ["task_failed", "count-2", { error: { code: "shop.closed", message: "try later" } }],
  step("usage", 1_095, { answers: 1, usd: 0.25 }),
  step("model-2", 1_105, null, { error: { code: "agent.model_unavailable", message: "429" } }),
  step("model-2.try-2", 1_205, reply({ text: "7 flutes." })),
  step("usage", 1_206, { answers: 2, usd: 0.5 }),
  ["task_completed", "answer", { output: "7 flutes." }],
);

describe("the trajectory of an agent", () => {
  it("is there although the tools were found at the second try only", () => {
    const late = events(
      ["task_queued", "answer"],
      step("tools", 1_005, null, {
        error: { code: "agent.tool_missing", message: "no worker offers count" },
      }),
      step("tools.try-2", 2_005, []),
      step("model", 2_010, reply({ text: "7" })),
    );
    assert.equal(trajectoriesOf(late)[0]?.turns.length, 1);
  });

  it("has the input set by a person in place of the input of the model", () => {
    const toolHistory = events(
      ["task_queued", "answer"],
      step("tools", 1_005, []),
      step("model", 1_010, reply(call("pay_refund", { amount: 150 }))),
      ["tasks_added", "answer", { tasks: ["approve-pay.refund", "pay_refund"] }],
      ["approval_asked", "approve-pay.refund", { context: { tool: "pay.refund", input: { amount: 150 } } }],
      ["approval_decided", "approve-pay.refund", { decision: { data: { input: { amount: 5 } } } }],
      ["task_queued", "pay_refund"],
    );
    const [firstCall] = trajectoriesOf(toolHistory)[0]?.turns[0]?.calls ?? [];
    assert.deepEqual([firstCall?.input, firstCall?.received], [{ amount: 150 }, { amount: 5 }]);
  });

  it("has each answer with its tokens and time, and the result of each call", () => {
    const [{ turns, ...sums } = { turns: [] }, ...others] = trajectoriesOf(history);
    assert.deepEqual(others, []);
    const used = { inputTokens: 20, outputTokens: 10, usd: 0.5 };
    assert.deepEqual(sums, { task: "answer", startMs: 1_010, sinceMs: 1_206, endMs: 1_130, ...used });
    assert.deepEqual(
      turns.map(({ step: name, text, tookMs, error }) => [name, text, tookMs, error]),
      [
        ["model", "I look. ", 10, ""],
        ["model-2", "", 10, "agent.model_unavailable: 429"],
        ["model-2.try-2", "7 flutes.", 100, ""],
      ],
    );
    assert.deepEqual(
      turns[0]?.calls.map(({ name, input, state, task, received, output, error }) => [
        ...[name, input, state, task],
        ...[received, output, error],
      ]),
      [
        ["count", { of: "oboe" }, "failed", "count-2", { of: "OBOE" }, null, "shop.closed: try later"],
        ["count", { of: "flute" }, "completed", "count", { of: "flute" }, 7, ""],
        ["nope", {}, "not run", "", undefined, undefined, ""],
      ],
    );
  });

  it("marks the call with the result, and no call that was sent back", () => {
    const trajectoriesWith = (ending: string) =>
      trajectoriesOf(
        events(
          ["task_queued", "answer"],
          step("tools", 1_005, []),
          step("model", 1_010, reply(call("answer", {}))),
          step("model-2", 1_020, reply(call("answer", { sum: 5 }))),
          [ending, "answer"],
        ),
      )[0]?.turns.flatMap(({ calls }) => calls.map(({ state }) => state));
    assert.deepEqual(trajectoriesWith("task_completed"), ["not run", "result"]);
    assert.deepEqual(trajectoriesWith("task_failed"), ["not run", "not run"]);
  });

  it("ends at the selected event", () => {
    const [{ turns, endMs } = { turns: [], endMs: -1 }] = trajectoriesOf(history, 7);
    assert.equal(endMs, 0);
    assert.deepEqual(
      turns.map(({ calls }) => calls.map(({ state }) => state)),
      [["running", "running", "not run"]],
    );
  });

  it("has the answers of a capability that serves as a model", () => {
    const [{ turns } = { turns: [] }] = trajectoriesOf(
      events(
        step("tools", 1_000, []),
        ["tasks_added", "answer", { tasks: ["model"] }],
        ["task_queued", "model", { input: {} }],
        ["task_completed", "model", { output: "done" }],
      ),
    );
    assert.deepEqual(
      turns.map(({ step: name, text, tookMs }) => [name, text, tookMs]),
      [["model", "done", 10]],
    );
  });

  it("is none of a durable function that is no agent", () => {
    assert.deepEqual(trajectoriesOf(events(step("charge", 1_000, { paid: true }))), []);
  });
});
