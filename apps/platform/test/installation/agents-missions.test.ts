/** An AI agent that delegates to a mission through a workflow whose task is the mission. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agents } from "@tutti/sdk/agents";
import { ScriptedModel } from "@tutti/sdk/testing";
import { Installation } from "./installation.ts";

const tokens = { inputTokens: 100, outputTokens: 20 };
const inquiry = `workflow: inquiry
tasks:
  books: {uses: library.search, with: "\${{ input.question }}"}
  people: {uses: library.search, with: "\${{ input.question }}"}
output: {books: "\${{ tasks.books.output }}", people: "\${{ tasks.people.output }}"}
`;
const team = `workflow: team
description: A team of agents answers a question.
input: {schema: {type: object, required: [question], properties: {question: {type: string}}}}
tasks:
  look: {mission: inquiry, with: "\${{ input }}"}
output: "\${{ tasks.look.output }}"
`;
const lead = `workflow: lead
tasks:
  answer:
    agent: {model: "scripted:any", instructions: Answer., prompt: How old do oaks get?, tools: ["workflow:team"], budget: {tokens: 1000}}
output: "\${{ tasks.answer.output }}"
`;

describe("an AI agent that delegates to a mission", () => {
  it("lends the mission its remaining budget, reads its output, and counts its usage", async () => {
    await using installation = await Installation.open();
    const read: string[] = [];
    const model = new ScriptedModel(({ conversation }) => {
      read.push(conversation.at(-1) ?? "");
      return conversation.length === 1
        ? { calls: [{ name: "team", input: { question: "oaks" } }], ...tokens }
        : { text: "A thousand years.", ...tokens };
    });
    const tutti = await installation.client();
    for (const text of [inquiry, team, lead]) await tutti.workflows.register(text);
    const worker = installation.worker({ agentId: "hand" });
    const providers = { scripted: { speaks: "chat", url: "http://model.test" } } as const;
    const inputSchema = { type: "object", properties: { question: { type: "string" } } };
    const catalogue = {
      capabilities: async () => [],
      workflow: async (name: string) => ({ name, description: "A team.", inputSchema }),
    };
    worker.durable(agents({ providers, catalogue }, { fetch: model.fetch }));
    worker.handle("library.search", (question: string, context) => {
      context.use({ tokens: 150 });
      return `found ${question}`;
    });
    await worker.start();
    const run = await tutti.run("lead", { id: "lead-1" });
    assert.equal(await run.result(), "A thousand years.");
    assert.match(read[1] ?? "", /found oaks/);
    let missionId = "";
    for await (const mission of tutti.missions.list()) missionId = mission.missionId;
    const budget = await tutti.missions.get(missionId).budget.get();
    assert.deepEqual([budget.limit?.tokens, budget.spent?.tokens], [880, 300]);
    const ended = await run.get();
    assert.equal(ended.used?.tokens, 540, "two answers and the mission");
    await worker.stop();
    await tutti.close();
  });
});
