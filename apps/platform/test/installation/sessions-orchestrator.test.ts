/** Sessions with a user's orchestrator on a whole installation: valid decisions are executed, others fail the session. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { gate, until } from "@tutti/kernel/testing";
import { type Decision, type Question, SessionOrchestrator, type Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

interface Failure {
  readonly code?: string;
  readonly message: string;
  readonly cause?: Failure;
}

type Decide = (question: Question) => Decision | Promise<Decision>;

describe("sessions with an orchestrator of their user", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    worker = installation.worker({ agentId: "anna", slots: 4 });
    worker.handle("number.add", ({ of }: { readonly of: readonly number[] }) =>
      of.reduce((sum, n) => sum + n, 1),
    );
    await worker.start();
    tutti = await installation.client();
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  async function orchestrator(name: string, decide: Decide): Promise<SessionOrchestrator> {
    class TestOrchestrator extends SessionOrchestrator {
      protected override decide(question: Question) {
        return decide(question);
      }
    }
    const created = new TestOrchestrator(name, installation.link());
    await created.start();
    return created;
  }

  const chain = [
    { id: "one", uses: "number.add", input: { of: [] } },
    { id: "two", uses: "number.add", needs: ["one"], input: { of: ["${{ tasks.one.output }}"] } },
  ];
  const readyIn = ({ tasks }: Question) => tasks.filter(({ isReady }) => isReady).map(({ id }) => id);

  it("send it all tasks, results and available agents, and start the tasks that it decides, on the agents that it decides", async () => {
    const questions: Question[] = [];
    await using _ = await orchestrator("mine.all", (question) => {
      questions.push(question);
      return { start: readyIn(question).map((task) => ({ task, agent: "anna" })), reason: "anna can" };
    });
    const session = await tutti.run({ tasks: chain, mode: { orchestrator: "mine.all" } });
    assert.deepEqual(await session.result(), { one: 1, two: 2 });
    const [first, second] = questions;
    assert.deepEqual([first?.number, first && readyIn(first)], [1, ["one"]]);
    assert.deepEqual([second?.number, second && readyIn(second)], [2, ["two"]]);
    const [firstTask] = second?.tasks ?? [];
    assert.deepEqual([firstTask?.status, firstTask?.agent, firstTask?.output], ["completed", "anna", 1]);
    const anna = first?.agents.find(({ id }) => id === "anna");
    assert.deepEqual([anna?.slots, anna?.uses], [4, ["number.add"]]);
    const { tasks } = await session.plan();
    assert.deepEqual(
      tasks.map(({ plannedAgentId }) => plannedAgentId),
      ["anna", "anna"],
    );
  });

  for (const [title, decision, pattern] of [
    ["a task that is none", { start: ["three"] }, /start\[0\].*"three"/],
    ["a mode in which nothing is done", { move: [{ tasks: ["one"], to: "adaptive" }] }, /move\[0\]\.to/],
    [
      "a field that is none",
      { begin: ["one"] },
      /`begin`: expected one of `start`, `move`, `reason`, `askAgainAfterMs`/,
    ],
    ["words", "start with one", /expected an object/],
  ] as const)
    it(`fail if it answers with ${title}, and name the problem`, async () => {
      await using _ = await orchestrator("mine.unfit", () => decision as Decision);
      const session = await tutti.run({ tasks: chain, mode: { orchestrator: "mine.unfit" } });
      const failure: Failure = await session.result().then(
        () => assert.fail("it did well"),
        (error) => error,
      );
      assert.equal(failure.code, "session.decision_unfit");
      assert.match(failure.message, pattern);
    });

  it("retry its call, fail with its error in the end, and continue after a retry of the session", async () => {
    let calls = 0;
    let isMended = false;
    await using _ = await orchestrator("mine.failing", (question) => {
      calls++;
      if (!isMended) throw new Error("no idea");
      return { start: readyIn(question) };
    });
    const session = await tutti.run({
      id: "phoenix",
      tasks: chain,
      mode: { orchestrator: "mine.failing" },
    });
    const failure: Failure = await session.result().then(
      () => assert.fail("it did well"),
      (error) => error,
    );
    assert.equal(failure.code, "session.not_decided");
    const causes: string[] = [];
    for (let cause: Failure | undefined = failure; cause !== undefined; cause = cause.cause)
      causes.push(cause.message);
    assert.match(causes.at(-1) ?? "", /no idea/, "the last cause is what was thrown");
    assert.equal(calls, 5);
    isMended = true;
    await session.retry("mended");
    assert.deepEqual(await session.result(), { one: 1, two: 2 });
  });

  it("ask it again if it starts nothing, even without an event", async () => {
    let calls = 0;
    await using _ = await orchestrator("mine.slow", (question) => {
      calls++;
      return calls < 3 ? { reason: "not yet", askAgainAfterMs: 20 } : { start: readyIn(question) };
    });
    const session = await tutti.run({ tasks: chain, mode: { orchestrator: "mine.slow" } });
    assert.deepEqual(await session.result(), { one: 1, two: 2 });
  });

  it("accept more tasks while they run", async () => {
    const mayEnd = gate();
    await using _ = await orchestrator("mine.growing", async (question) => {
      if (question.tasks.length === 2) {
        await mayEnd.pass();
        return { reason: "more will come" };
      }
      return { start: readyIn(question) };
    });
    const session = await tutti.run({ tasks: chain, mode: { orchestrator: "mine.growing" } });
    await session.addTasks([
      { id: "three", uses: "number.add", needs: ["two"], input: { of: ["${{ tasks.two.output }}"] } },
    ]);
    mayEnd.open();
    assert.deepEqual(await session.result(), { one: 1, two: 2, three: 3 });
  });

  it("name the orchestrator that they wait for, and withdraw the question when they are cancelled", async () => {
    const never = gate();
    const requested = gate();
    await using _ = await orchestrator("mine.silent", async () => {
      requested.open();
      await never.pass();
      return {};
    });
    const session = await tutti.run({ id: "stuck", tasks: chain, mode: { orchestrator: "mine.silent" } });
    await requested.pass();
    const explanation = await session.why("one");
    assert.match(explanation.summary, /starts when mine\.silent starts it/);
    const run = tutti.runs.get("stuck..p1.decision..1");
    assert.equal((await run.get()).status, WorkStatus.WORK_STATUS_RUNNING);
    await session.cancel("enough");
    await assert.rejects(session.result(), { code: "session.cancelled" });
    never.open();
    await until(
      "no one waits for a plan any more",
      async () => (await run.get()).status === WorkStatus.WORK_STATUS_CANCELLED,
    );
  });

  it("are refused if no orchestrator is set or connected", async () => {
    const refused = (name: string) => tutti.run({ tasks: chain, mode: { orchestrator: name } });
    await assert.rejects(refused(""), { code: "session.orchestrator_unnamed" });
    await assert.rejects(refused("mine.ghost"), {
      code: "session.orchestrator_unknown",
      message: /mine\.ghost/,
    });
  });
});
