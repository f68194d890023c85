import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agents } from "../agents/index.ts";
import type { Worker } from "../worker/worker.ts";
import { recordingOf, replayAgent } from "./agent-recording.ts";
import { frozenFrom, playFrozen } from "./freeze-agent.ts";
import { ScriptedModel, type ScriptedReply } from "./scripted-model.ts";
import { testWorkflow } from "./workflow-test.ts";

const offered = ["shop.order", "shop.refund"].map((name) => ({ name, description: name, inputSchema: {} }));
/** The workers with the tools connect after so many looks. */
const catalogueAfter = (lookups: number) => {
  let remaining = lookups;
  return { capabilities: async () => (remaining-- > 0 ? [] : offered), workflow: async () => undefined };
};
const agent = {
  ...{ model: "test:any", instructions: "Handle complaints.", prompt: "${{ input.text }}" },
  ...{ tools: ["shop.*"], approve: 'call.name == "shop.refund"' },
};
const definition = { workflow: "desk", tasks: { answer: { agent } }, output: "${{ tasks.answer.output }}" };

/** An agent that finds the order of a complaint, refunds its price with an approval, and thanks. */
async function record(order: string, cents: number, lookups = 0) {
  const script: readonly ScriptedReply[] = [
    { calls: [{ name: "shop_order", input: { order } }], inputTokens: 100, outputTokens: 10 },
    { calls: [{ name: "shop_refund", input: { order, cents: 9 } }], inputTokens: 120, outputTokens: 10 },
    { text: `Refunded ${cents}.`, inputTokens: 140, outputTokens: 20 },
  ];
  const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
  const runner = agents(
    { providers, catalogue: catalogueAfter(lookups) },
    { fetch: new ScriptedModel(script).fetch },
  );
  const test = testWorkflow(definition as never, {
    handlers: [
      { "shop.order": () => ({ cents }), "shop.refund": () => "done" },
      (worker: Worker) => void worker.durable(runner),
    ],
    // On a busy machine the agent takes longer than the default.
    patienceMs: 60_000,
  });
  const run = await test.start({ input: { order, text: `Order ${order} is broken.` } });
  await run.until(({ questions }) => questions.length > 0);
  await run.approve("approve-shop.refund", { data: { input: { order, cents } } });
  await run.result();
  // A platform records the input of a task only if it cannot be found in another event.
  const events = run.events.map((event) =>
    event.type === "task_queued" && event.task.startsWith("shop_") ? { ...event, details: {} } : event,
  );
  return recordingOf(run.id, events);
}

describe("a recording of an agent", () => {
  it("has its calls as the tools received them, the decisions about them and the output", async () => {
    const { calls, decisions, output, replies, agent: found } = await record("a-1", 70);
    assert.deepEqual(
      calls.map(({ target, input, output: gave, answer }) => [target, input, gave, answer]),
      [
        ["shop.order", { order: "a-1" }, { cents: 70 }, 0],
        ["shop.refund", { order: "a-1", cents: 70 }, "done", 1],
      ],
    );
    assert.deepEqual(
      decisions.map(({ target, approved, input }) => [target, approved, input]),
      [["shop.refund", true, { order: "a-1", cents: 9 }]],
    );
    assert.deepEqual([output, replies.length, found.prompt], ["Refunded 70.", 3, "Order a-1 is broken."]);
  });

  it("is replayed without a token, and shows the effect of a changed agent", async () => {
    const recording = await record("a-1", 70);
    const { same, tokens, output } = await replayAgent(recording);
    assert.deepEqual([same, tokens, output], [true, 400, "Refunded 70."]);
    const denied = await replayAgent(recording, { deny: 'call.name == "shop.refund"' });
    assert.deepEqual(denied.missing, ['shop.refund {"cents":70,"order":"a-1"}']);
    assert.deepEqual([denied.same, denied.added], [false, []]);
    const misspelled = replayAgent(recording, { deny: "call.nam == 1" });
    await assert.rejects(
      misspelled,
      /^WorkflowTestError: The definition has 1 error:\nerror: tasks\.answer\./,
    );
    const guarded = await replayAgent(recording, { guard: { output: '!output.contains("70")' } });
    assert.match(guarded.error, /^agent\.guarded: /);
  });

  it("is played again if its tools were offered only after it had started", async () => {
    const recording = await record("a-1", 70, 1);
    assert.equal(recording.tools.length, 2);
    assert.equal((await replayAgent(recording)).error, "");
  });

  it("is replayed with the verdicts of its guard and without the resources that it read", async () => {
    const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
    const nothing = { capabilities: async () => [], workflow: async () => undefined };
    const runner = agents(
      { providers, catalogue: nothing },
      { fetch: new ScriptedModel(["At most 50."]).fetch },
    );
    const advisor = {
      ...{ model: "test:any", instructions: "Help.", prompt: "How much?" },
      ...{ context: ["mcp:shop/shop://rules"], guard: { uses: "safety.check" } },
    };
    const test = testWorkflow({ workflow: "ask", tasks: { answer: { agent: advisor } } } as never, {
      handlers: [
        { "mcp.shop.resources.read": () => ({ contents: [{ text: "50." }] }), "safety.check": () => true },
        (worker: Worker) => void worker.durable(runner),
      ],
    });
    const run = await test.start();
    await run.result();
    const recording = recordingOf(run.id, run.events);
    assert.deepEqual(recording.guards, { "guard-input": true, "guard-output": true });
    const { same, output, error: none } = await replayAgent(recording);
    assert.deepEqual([same, output, none], [true, "At most 50.", ""]);
    const { error } = await replayAgent({ ...recording, guards: { "guard-input": "not ours" } });
    assert.match(error, /`safety\.check` refuses: not ours/);
  });

  it("is refused for a run without an agent", () => {
    assert.throws(() => recordingOf("plain", []), /^WorkflowTestError: Run `plain` has no recorded agent\.$/);
  });
});

it("texts of a recording that look like expressions are texts in its replay and when it is frozen", async () => {
  const text = "run: ${{ github.ref }} and $${{ input.order }}";
  const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
  const script = [{ calls: [{ name: "shop_refund", input: { text } }] }, text];
  const options = { fetch: new ScriptedModel(script).fetch };
  const runner = agents({ providers, catalogue: catalogueAfter(0) }, options);
  const writer = { ...agent, instructions: "Write ${{ input.text }}", approve: false };
  const test = testWorkflow({ workflow: "desk", tasks: { answer: { agent: writer } } } as never, {
    handlers: [{ "shop.refund": () => "done" }, (worker: Worker) => void worker.durable(runner)],
  });
  const run = await test.start({ input: { order: "a-1", text } });
  await run.result();
  const recording = recordingOf(run.id, run.events);
  assert.deepEqual(await replayAgent(recording), {
    ...{ same: true, output: text, error: "", missing: [], added: [], tokens: 30 },
  });
  const another = { ...recording, input: { order: "a-2", text: "" } };
  assert.deepEqual(await playFrozen(frozenFrom(another, "frozen"), another), {
    ...{ same: true, output: text, error: "" },
  });
});

describe("a frozen agent", () => {
  it("is a workflow whose tasks refer to the values of the recording, tested against other recordings", async () => {
    const recording = await record("a-1", 70);
    const frozen = frozenFrom(recording, "frozen-desk");
    assert.deepEqual(frozen.tasks["shop_order"], {
      uses: "shop.order",
      with: { order: "${{ input.order }}" },
    });
    assert.deepEqual(frozen.tasks["shop_refund"], {
      needs: ["approve-shop_refund"],
      uses: "shop.refund",
      with: { order: "${{ input.order }}", cents: '${{ tasks["shop_order"].output.cents }}' },
    });
    for (const each of [recording, await record("b-2", 31)])
      assert.deepEqual(await playFrozen(frozen, each), { same: true, output: each.output, error: "" });
    const wrong = JSON.parse(JSON.stringify(frozen).replace("${{ input.order }}", "a-1"));
    assert.equal((await playFrozen(wrong, await record("b-2", 31))).same, false);
  });
});
