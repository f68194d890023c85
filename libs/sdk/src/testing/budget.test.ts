/** The budget of a run in a test: an escrow that delegated agents share. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agents, type Catalogue } from "../agents/index.ts";
import type { Worker } from "../worker/worker.ts";
import type { TestRun } from "./run.ts";
import { type ModelScript, ScriptedModel } from "./scripted-model.ts";
import { testWorkflow, type WorkflowTest } from "./workflow-test.ts";

const catalogue: Catalogue = {
  capabilities: async () => [],
  workflow: async (name) => ({ name, description: "A helper.", inputSchema: { type: "object" } }),
};

/** An agent that delegates to child runs with an agent of their own, all with one scripted model. */
function delegating(script: ModelScript, lead: object = {}) {
  const model = new ScriptedModel(script);
  const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
  const prices = { any: { input: 10, output: 50 } };
  const runner = agents({ providers, catalogue, prices }, { fetch: model.fetch });
  const agentOf = (workflow: string, more: object) => ({
    workflow,
    tasks: {
      answer: { agent: { model: "test:any", instructions: `You are the ${workflow}.`, ...more }, retry: 1 },
    },
    output: "${{ tasks.answer.output }}",
  });
  const test = testWorkflow(agentOf("lead", { tools: ["workflow:helper"], ...lead }) as never, {
    handlers: (worker: Worker) => void worker.durable(runner),
    children: [agentOf("helper", { prompt: "Count." }) as never],
  });
  return { model, test };
}

const tokens = { inputTokens: 100, outputTokens: 20 };
const isHelper = (instructions: string) => instructions.includes("helper");

describe("the budget of a run", () => {
  it("ends a run when its tasks have used it up, and releases unused reservations", async () => {
    const line = { uses: "poem.line", cost: { tokens: 50 } };
    const test = testWorkflow(
      {
        workflow: "poem",
        tasks: { one: line, two: { ...line, needs: ["one"] }, three: { ...line, needs: ["two"] } },
      },
      { handlers: { "poem.line": (_, context) => context.use({ tokens: 40 }) } },
    );
    const short = await test.start({ budget: { tokens: 120 } });
    assert.equal((await short.failure())?.code, "workflow.budget_used_up");
    assert.deepEqual([short.used.tokens, test.calls().length], [80, 2]);
    const enough = await test.start({ budget: { tokens: 130 } });
    await enough.result();
    assert.equal(enough.used.tokens, 120);
  });

  it("passes its remainder to a delegated agent, and gets the rest back when the agent ends", async () => {
    const budgets: (number | undefined)[] = [];
    const { test } = delegating(({ instructions, conversation }) => {
      if (isHelper(instructions)) {
        budgets.push(childOf()?.budget?.tokens);
        return { text: "7", ...tokens };
      }
      const isAnswered = conversation.length > 1;
      return isAnswered
        ? { text: "It is 7.", ...tokens }
        : { calls: [{ name: "helper", input: {} }], ...tokens };
    });
    const run = await test.start({ budget: { tokens: 1_000 } });
    const childOf = () => {
      const child = run.tasks.map(({ child }) => child).find((id) => id !== undefined);
      return child === undefined ? undefined : test.run(child);
    };
    assert.equal(await run.result(), "It is 7.");
    assert.deepEqual(budgets, [880], "the lead had used 120");
    assert.equal(childOf()?.used.tokens, 120);
    assert.equal(run.used.tokens, 360, "two answers of the lead, one of the helper");
  });

  it("limits a delegated agent that repeats its calls, and the agent that delegates", async () => {
    const { model, test } = delegating(({ instructions }, count) =>
      isHelper(instructions)
        ? { calls: [{ name: "none", input: { count } }], ...tokens }
        : { calls: [{ name: "helper", input: { count } }], ...tokens },
    );
    const run = await test.start({ budget: { tokens: 1_000 } });
    const { code, message = "" } = (await run.failure()) ?? {};
    assert.equal(code, "agent.run_budget_exhausted");
    assert.match(
      message,
      /The run has \d+ tokens left of its budget, and the next answer needs at least \d+ tokens/,
    );
    assert.ok(run.used.tokens > 800 && run.used.tokens <= 1_000, String(run.used.tokens));
    assert.equal(run.used.tokens, model.requests.length * 120);
  });

  it("is shared by agents that answer at the same time: together they never use more", async () => {
    const model = new ScriptedModel((_, count) => ({
      calls: [{ name: "none", input: { count } }],
      ...tokens,
    }));
    const runner = agents(
      { providers: { test: { speaks: "chat", url: "http://model.test" } }, catalogue },
      {
        fetch: model.fetch,
      },
    );
    const agent = { model: "test:any", instructions: "Count.", answerTokens: 500 };
    const test = testWorkflow(
      {
        workflow: "crowd",
        tasks: {
          one: { agent, retry: 1, mayFail: true },
          two: { agent, retry: 1, mayFail: true },
          three: { agent, retry: 1, mayFail: true },
        },
      } as never,
      { handlers: (worker: Worker) => void worker.durable(runner) },
    );
    const run = await test.start({ budget: { tokens: 1_000 } });
    await run.result();
    const rooms = model.requests.slice(0, 3).map(({ body }) => Number(body["max_completion_tokens"]));
    assert.ok(rooms.reduce((sum, room) => sum + room, 0) <= 1_000, String(rooms));
    assert.deepEqual(
      run.tasks.map(({ error }) => error?.code),
      ["one", "two", "three"].map(() => "agent.run_budget_exhausted"),
    );
    assert.ok(run.used.tokens > 500 && run.used.tokens <= 1_000, String(run.used.tokens));
  });

  it("limits the length of an answer to the rest", async () => {
    const { model, test } = delegating(() => ({ text: "Done.", ...tokens }));
    await (await test.start({ budget: { tokens: 400 } })).result();
    const room = Number(model.requests[0]?.body["max_completion_tokens"]);
    assert.ok(room <= 400 && room > 300, String(room));
  });
});

describe("the budget of an agent", () => {
  const call = (count: number) => ({ calls: [{ name: "helper", input: { count } }], ...tokens });
  const childrenOf = (test: WorkflowTest, { tasks }: TestRun): readonly TestRun[] =>
    tasks.flatMap(({ child }) => (child === undefined ? [] : [test.run(child)]));

  it("limits an agent that it delegates to, and counts the usage of that agent", async () => {
    const { model, test } = delegating(
      ({ instructions }, count) =>
        isHelper(instructions) ? { calls: [{ name: "none", input: { count } }], ...tokens } : call(count),
      { budget: { tokens: 1_000 } },
    );
    const run = await test.start();
    assert.equal((await run.failure())?.code, "agent.budget_exhausted");
    const helpers = childrenOf(test, run);
    assert.equal(helpers[0]?.budget?.tokens, 880, "the lead had used 120");
    assert.equal(run.budget, undefined);
    assert.ok(run.used.tokens > 800 && run.used.tokens <= 1_000, String(run.used.tokens));
    assert.equal(run.used.tokens, model.requests.length * 120);
  });

  it("is divided among parallel agents, which return their unused parts", async () => {
    let round = 0;
    const { test } = delegating(
      ({ instructions }, count) => {
        if (isHelper(instructions)) return { text: "7", ...tokens };
        round += 1;
        if (round === 1) return { calls: [...call(1).calls, ...call(2).calls], ...tokens };
        return round === 2 ? call(count) : { text: "14", ...tokens };
      },
      { budget: { tokens: 1_000, usd: 1 } },
    );
    const run = await test.start({ budget: { tokens: 100_000 } });
    assert.equal(await run.result(), "14");
    const budgets = childrenOf(test, run).map(({ budget }) => [budget?.tokens, budget?.money]);
    assert.deepEqual(budgets, [
      [440, 0.499],
      [440, 0.499],
      [520, 0.992],
    ]);
    assert.equal(run.used.tokens, 6 * 120);
  });

  it("limits a call, and counts the usage of its handler", async () => {
    const budgets: unknown[] = [];
    const model = new ScriptedModel((_, count) => ({
      calls: [{ name: "code", input: { count } }],
      ...tokens,
    }));
    const offered = { name: "code", description: "Codes.", inputSchema: {} };
    const runner = agents(
      {
        providers: { test: { speaks: "chat", url: "http://model.test" } },
        catalogue: { ...catalogue, capabilities: async () => [offered] },
      },
      { fetch: model.fetch },
    );
    const test = testWorkflow(
      {
        workflow: "w",
        tasks: {
          answer: {
            agent: { model: "test:any", instructions: "Code.", tools: ["code"], budget: { tokens: 1_000 } },
          },
        },
      } as never,
      {
        handlers: [
          {
            code: (_, context) => {
              budgets.push(context.budget?.tokens);
              context.use({ tokens: 300 });
            },
          },
          (worker: Worker) => void worker.durable(runner),
        ],
      },
    );
    const run = await test.start();
    assert.equal((await run.failure())?.code, "agent.budget_exhausted");
    assert.deepEqual(budgets, [880, 460]);
  });
});
