import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agents } from "../agents/index.ts";
import type { Worker } from "../worker/worker.ts";
import { recordedReplies } from "./recorded-replies.ts";
import { ScriptedModel, type ScriptedReply } from "./scripted-model.ts";
import { testWorkflow } from "./workflow-test.ts";

const script: readonly ScriptedReply[] = [
  {
    text: "I look.",
    calls: [{ name: "stock_count", input: { of: "flute" } }],
    inputTokens: 30,
    outputTokens: 8,
  },
  { status: 529 },
  { malformed: "{of:", name: "stock_count" },
  { text: "There are 7.", calls: [], inputTokens: 50, outputTokens: 4 },
];

async function play(model: ScriptedModel, instructions = "Count.") {
  const catalogue = {
    capabilities: async () => [{ name: "stock.count", description: "Counts.", inputSchema: {} }],
    workflow: async () => undefined,
  };
  const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
  const runner = agents({ providers, catalogue }, { fetch: model.fetch });
  const agent = { model: "test:any", instructions, tools: ["stock.*"] };
  const definition = {
    ...{ workflow: "count", output: "${{ tasks.answer.output }}" },
    tasks: { answer: { agent } },
  };
  const join = (worker: Worker) => void worker.durable(runner);
  const test = testWorkflow(definition as never, { handlers: [{ "stock.count": () => 7 }, join] });
  const run = await test.start();
  return { run, output: await run.result() };
}

describe("a recorded run of an agent", () => {
  it("is played again by the answers of its model, with changed instructions too", async () => {
    const { run, output } = await play(new ScriptedModel(script));
    const replies = recordedReplies(run.history);
    assert.deepEqual(replies, [script[0], script[2], script[3]]);
    const replaying = new ScriptedModel(replies);
    const replayed = await play(replaying, "Count the flutes.");
    assert.equal(replayed.output, output);
    const toolCalls = ({ calls }: typeof run) =>
      calls.filter(({ capability }) => capability === "stock.count");
    assert.equal(toolCalls(run).length, 1);
    assert.deepEqual(
      toolCalls(replayed.run).map(({ input }) => input),
      [{ of: "flute" }],
    );
    assert.equal(replaying.requests[0]?.instructions, "Count the flutes.");
  });

  it("is refused if the run has no agent", async () => {
    const definition = { workflow: "plain", tasks: { one: { set: 1 } } };
    const run = await testWorkflow(definition as never, { handlers: {} }).start();
    assert.throws(() => recordedReplies(run.history), /got no answer of a model/);
  });
});
