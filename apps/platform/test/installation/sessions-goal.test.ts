/**
 * Sessions with goals on a whole installation: in every mode, rejected with a reason, given up, and failed because their
 * planner failed.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { gate, until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { ModeName, Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const modes: readonly ModeName[] = ["workflow", "swarm", "intelligence", "hybrid", "adaptive"];

interface GoalInput {
  readonly goal: string;
  readonly input: unknown;
}

interface Failure {
  readonly code?: string;
  readonly message: string;
  readonly cause?: Failure;
}

describe("sessions with goals", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const never = gate();
  const goals: GoalInput[] = [];

  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({ slots: 4 });
    worker.handle("tutti.plan", (goal: GoalInput) => {
      goals.push(goal);
      return [
        { id: "one", capability: "number.add", input: { of: ["${{ input.from }}"] } },
        {
          id: "two",
          capability: "number.add",
          needs: [{ task: "one" }],
          input: { of: ["${{ tasks.one.output }}"] },
        },
      ];
    });
    worker.handle("plan.given", ({ input }: GoalInput) => input);
    worker.handle("plan.fail", () => {
      throw new Error("no idea");
    });
    worker.handle("plan.wait", () => never.pass());
    worker.handle("number.add", ({ of }: { readonly of: readonly number[] }) =>
      of.reduce((sum, n) => sum + n, 1),
    );
    await worker.start();
    tutti = await installation.client();
  });
  after(async () => {
    never.open();
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  async function failureOf(planner: string, input: unknown): Promise<Failure> {
    const session = await tutti.run({ goal: { description: "any", planner }, input });
    return await session.result().then(
      () => assert.fail("expected it to fail"),
      (error: Failure) => error,
    );
  }

  for (const mode of modes)
    it(`are done in the mode ${mode} by the tasks that they are broken down into`, async () => {
      const goal = "two more than ${{ nothing }}";
      const session = await tutti.run({ goal, input: { from: 1 }, mode });
      assert.deepEqual(await session.result(), { one: 2, two: 3 });
      assert.deepEqual(goals.at(-1), { goal, input: { from: 1 } }, "words are words");
      const { tasks, spec } = await session.get();
      assert.equal(tasks?.total, 2);
      assert.equal(spec?.work?.$case === "goal" ? spec.work.value.planner : "", "tutti.plan");
    });

  for (const [title, output, pattern] of [
    ["a circle", [{ id: "a", capability: "number.add", needs: [{ task: "a" }] }], /task a: /],
    ["a need that is none", [{ id: "a", capability: "number.add", needs: [{ task: "x" }] }], /task a: .*x/],
    ["what no worker offers", [{ id: "a", capability: "moon.land" }], /`moon\.land` for task `a`/],
    ["no tasks", [], /tasks: /],
    ["a name that is none", [{ id: "a b", capability: "number.add" }], /tasks\[0\]\.id/],
    ["a field that is none", [{ id: "a", does: "number.add" }], /does/],
    ["another input", { tasks: [{ id: "a", capability: "number.add" }], input: { n: 1 } }, /input: /],
    ["words", "do this, then that", /an object/],
  ] as const)
    it(`fail if the planner returns ${title}, with the reason`, async () => {
      const { code, message } = await failureOf("plan.given", output);
      assert.equal(code, "session.goal_unfit");
      assert.match(message, pattern);
    });

  it("fail if their planner fails", async () => {
    const failure = await failureOf("plan.fail", undefined);
    assert.equal(failure.code, "session.goal_not_broken_down");
    const causes: string[] = [];
    for (let cause: Failure | undefined = failure; cause !== undefined; cause = cause.cause)
      causes.push(cause.message);
    assert.match(causes.at(-1) ?? "", /no idea/, "the last cause is what was thrown");
  });

  it("are refused at once without a planner", async () => {
    const refused = tutti.run({ goal: { description: "any", planner: "plan.nobody" } });
    await assert.rejects(refused, { code: "session.planner_unknown", message: /plan\.nobody/ });
  });

  it("explain the wait for their planner, and cancel the planner when they are cancelled", async () => {
    const session = await tutti.run({ id: "stuck", goal: { description: "any", planner: "plan.wait" } });
    const run = tutti.runs.get("stuck..goal..0");
    await until("it is planned", () =>
      run
        .get()
        .then(({ status }) => status === WorkStatus.WORK_STATUS_RUNNING)
        .catch(() => false),
    );
    const explanation = await session.why();
    assert.match(explanation.summary, /plan\.wait has broken its goal down/);
    await session.cancel("enough");
    await assert.rejects(session.result(), { code: "session.cancelled" });
    never.open();
    await until(
      "no planner is left",
      async () => (await run.get()).status === WorkStatus.WORK_STATUS_CANCELLED,
    );
  });
});
