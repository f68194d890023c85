/** Previews of sessions on a whole installation: a preview starts nothing, and choices for other sessions are listed. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ChooseModeRequest, PlanRequest, planningService } from "@tutti/contracts/intelligence/v1";
import { Mode } from "@tutti/contracts/session/v1";
import { isTuttiError, toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Client } from "@tutti/mesh";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const { MODE_WORKFLOW: workflow, MODE_INTELLIGENCE: intelligence, MODE_HYBRID: hybrid } = Mode;

describe("the plan of a session before its start", () => {
  let installation: Installation;
  let tutti: Tutti;
  let planning: Client<typeof planningService>;
  const workers: Worker[] = [];

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    tutti = await installation.client();
    planning = installation.host.mesh.client(planningService, { service: "master" });
    for (const agentId of ["anna", "ben"]) {
      const worker = installation.worker({ agentId, slots: 1 });
      worker.handle("wall.paint", async ({ n = 0 }: { readonly n?: number }) => {
        await installation.pass(10);
        return n;
      });
      await worker.start();
      workers.push(worker);
    }
  });
  after(async () => {
    for (const worker of workers) await worker.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const walls = (count: number, seconds: number) =>
    Array.from({ length: count }, (_, at) => ({
      ...{ id: `wall-${at}`, uses: "wall.paint", input: { n: at } },
      estimate: { timeMs: seconds * 1_000 },
    }));
  const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
    const found: Item[] = [];
    for await (const item of items) found.push(item);
    return found;
  };
  const refused = async (promise: Promise<unknown>): Promise<string> => {
    const error = await promise.then(
      () => assert.fail("it was planned"),
      (thrown: unknown) => thrown,
    );
    assert.ok(isTuttiError(error), String(error));
    return `${error.status} ${error.message}`;
  };

  it("shows mode, agents, times and lower bound, and nothing starts", async () => {
    const estimate = { timeMs: 1_000 };
    const tasks = [...walls(4, 10), { id: "door", uses: "wall.paint", needs: ["wall-0"], estimate }] as const;
    const plan = await tutti.sessions.plan({ tasks, mode: "adaptive" });
    assert.equal(plan.choice?.candidates.length, 4);
    assert.equal(plan.choice?.candidates[plan.choice.chosen]?.mode, plan.mode);
    assert.notEqual(plan.choice?.reason, "");
    assert.equal(plan.assignments.length, 5);
    assert.ok(plan.assignments.every(({ agentId }) => ["anna", "ben"].includes(agentId)));
    assert.ok(plan.lowerBoundMs > 15_000 && plan.makespanMs >= plan.lowerBoundMs);
    assert.ok(plan.p50Ms > 0 && plan.p90Ms >= plan.p50Ms && plan.cases > 1);
    const [first] = plan.assignments;
    assert.ok((first?.estimate?.p90Ms ?? 0) > (first?.estimate?.p50Ms ?? 0));
    const door = plan.assignments.find(({ taskId }) => taskId === "door");
    const wall = plan.assignments.find(({ taskId }) => taskId === "wall-0");
    assert.ok((door?.startMs ?? 0) >= (wall?.endMs ?? Number.POSITIVE_INFINITY), "what it needs ends before");
    assert.deepEqual(await all(tutti.sessions.list()), []);
  });

  it("has no duration for a task without an attempt or an estimate", async () => {
    const tasks = [...walls(1, 10), { id: "new", uses: "wall.paint" }];
    const { assignments, p50Ms, makespanMs } = await tutti.sessions.plan({ tasks, mode: "workflow" });
    const timeOf = (id: string) => assignments.find(({ taskId }) => taskId === id)?.estimate?.p50Ms;
    assert.ok((timeOf("wall-0") ?? 0) > 0);
    assert.deepEqual([timeOf("new"), p50Ms], [0, 0], "1 s would be a guess");
    assert.ok(makespanMs > 0);
  });

  it("uses the requested mode, and says so", async () => {
    for (const [modeName, mode] of [
      ["workflow", workflow],
      ["intelligence", intelligence],
      ["hybrid", hybrid],
    ] as const) {
      const { mode: planned, choice } = await tutti.sessions.plan({ tasks: walls(3, 1), mode: modeName });
      assert.equal(planned, mode);
      assert.match(choice?.reason ?? "", /its mode is named/);
    }
  });

  it("is shown for hypothetical agents: twice the speed takes half the time", async () => {
    const uses = ["wall.paint"];
    const alone = await tutti.sessions.plan({ tasks: walls(4, 10) }, { agents: [{ id: "clara", uses }] });
    const two = await tutti.sessions.plan(
      { tasks: walls(4, 10) },
      { agents: [{ id: "clara", uses, speed: 2 }] },
    );
    assert.ok(alone.assignments.every(({ agentId }) => agentId === "clara"));
    assert.ok(Math.abs(alone.lowerBoundMs / two.lowerBoundMs - 2) < 0.01);
    const late = { id: "clara", uses, freeInMs: 60_000 };
    const { assignments } = await tutti.sessions.plan({ tasks: walls(1, 1) }, { agents: [late] });
    assert.ok((assignments[0]?.startMs ?? 0) >= 60_000);
  });

  it("is the best order that is found, for tasks and agents alone", async () => {
    const tasks = [
      { taskId: "long", capability: "wall.paint", expectedMs: 6_000 },
      { taskId: "short", capability: "wall.paint", expectedMs: 2_000 },
      { taskId: "after", capability: "wall.paint", expectedMs: 4_000, needs: ["short"] },
      { taskId: "mine", capability: "wall.paint", expectedMs: 1_000, agentId: "ben" },
    ];
    const plan = await planning.plan(PlanRequest.fromPartial({ tasks }));
    assert.equal(plan.mode, intelligence);
    assert.match(plan.method, /^(heft|improved)$/);
    assert.equal(plan.assignments.find(({ taskId }) => taskId === "mine")?.agentId, "ben");
    assert.deepEqual(plan.criticalPath.at(-1), "after");
  });

  it("is refused with a remedy, as a start would be, and if no estimate is possible", async () => {
    const task = { id: "a", uses: "wall.paint" };
    const plan = (session: Parameters<Tutti["sessions"]["plan"]>[0]) => refused(tutti.sessions.plan(session));
    assert.match(
      await plan({
        tasks: [
          { ...task, needs: ["b"] },
          { id: "b", uses: "wall.paint", needs: ["a"] },
        ],
      }),
      /INVALID_ARGUMENT task (a|b): .*cycle.*Correct the task/,
    );
    assert.match(await plan({ tasks: [{ ...task, needs: ["x"] }] }), /INVALID_ARGUMENT task a: .*x/);
    assert.match(
      await plan({ tasks: [{ id: "a", uses: "roof.paint" }] }),
      /INVALID_ARGUMENT No worker offers `roof\.paint` for task `a`\. Start such a worker/,
    );
    assert.match(
      await refused(tutti.sessions.plan({ tasks: [task] }, { agents: [{ id: "c", uses: ["roof.paint"] }] })),
      /FAILED_PRECONDITION No agent in pool `default` can run task `a` \(`wall\.paint`\) as requested\. Start such an agent/,
    );
    assert.match(await plan({ goal: "a house" }), /No worker offers the planner `tutti\.plan`/);
    assert.match(
      await plan({ tasks: [task], mode: { orchestrator: "wall.paint" } }),
      /FAILED_PRECONDITION The orchestrator `wall\.paint` decides while the session runs.*Set another mode/,
    );
    const refusalOf = (request: Parameters<typeof PlanRequest.fromPartial>[0]) =>
      refused(planning.plan(PlanRequest.fromPartial(request)));
    assert.match(await refusalOf({}), /neither a session nor tasks to plan\. Set the session or the tasks/);
    const wall = { $case: "capability", value: "wall.paint" } as const;
    const own = { taskId: "a", capability: "wall.paint" };
    assert.match(
      await refusalOf({ tasks: [{ ...own, dueMs: 5 }] }),
      /Plans do not support tasks\[0\]\.due_ms yet/,
    );
    assert.match(await refusalOf({ tasks: [{ ...own, needs: ["b"] }] }), /INVALID_ARGUMENT task a needs b/);
    const spec = { work: { $case: "tasks" as const, value: { tasks: [{ id: "a", work: wall }] } } };
    assert.match(
      await refusalOf({ tasks: [own], session: spec }),
      /both a session and tasks to plan\. Omit the session or the tasks/,
    );
  });

  it("choices of earlier sessions are listed with their outcomes, by mode", async () => {
    for (const id of ["one", "two"]) {
      const session = await tutti.run({ id, tasks: walls(2, 0.01), mode: "adaptive" });
      await session.result();
    }
    await (await tutti.run({ id: "named", tasks: walls(2, 0.01), mode: "swarm" })).result();
    const choices = await until(
      "choices with what came of them",
      () => all(tutti.sessions.choices()),
      (found) => found.length === 2 && found.every(({ outcome }) => outcome !== undefined),
    );
    assert.deepEqual(choices.map(({ sessionId }) => sessionId).sort(), ["one", "two"]);
    for (const { candidates, features, outcome } of choices) {
      assert.equal(candidates.length, 4);
      assert.ok((features["tasks"] ?? 0) === 2 && (outcome?.realMs ?? 0) > 0);
    }
    const chosenMode = choices[0]?.candidates[choices[0].chosen]?.mode;
    const filter = { namespace: "", kind: "", chosen: undefined, page: undefined };
    const same = await planning.listChoices({ ...filter, mode: chosenMode ?? workflow });
    assert.ok(
      same.choices.length > 0 &&
        same.choices.every((each) => each.candidates[each.chosen]?.mode === chosenMode),
    );
    await (await tutti.run({ id: "cut", tasks: walls(2, 0.01), mode: "hybrid" })).result();
    const cuts = await until(
      "the cut of a session that is done in parts",
      () => all(tutti.sessions.choices({ mode: "hybrid" })),
      (found) => found.some(({ sessionId }) => sessionId === "cut"),
    );
    assert.ok(cuts.some(({ kind }) => kind === "cut"));
    const past = { from: undefined, to: toTimestamp(1_000) };
    const before = await planning.listChoices({ ...filter, mode: Mode.MODE_UNSPECIFIED, chosen: past });
    assert.deepEqual(before.choices, []);
    const page = await planning.listChoices({ ...filter, mode: 0, page: { size: 1, token: "" } });
    assert.equal(page.choices.length, 1);
    assert.notEqual(page.page?.nextToken, "");
  });

  it("a mode can be chosen for external work, whose reported outcome counts once", async () => {
    const request = ChooseModeRequest.fromPartial({
      work: { kind: "job", id: "night" },
      features: { tasks: 4 },
      candidates: [
        { mode: workflow, eligible: true, expectedMs: 4_000 },
        { mode: intelligence, eligible: true, expectedMs: 1_000 },
        { mode: hybrid, eligible: false, expectedMs: 1, reason: "there is nothing to cut" },
      ],
    });
    const { choice } = await planning.chooseMode(request);
    assert.ok(choice);
    assert.equal(choice.candidates[choice.chosen]?.mode, intelligence);
    assert.equal(choice.candidates[2]?.eligible, false);
    const outcome = { realMs: 1_200, used: undefined, quality: 1, score: 1 };
    const recorded = { ...choice, chooseTime: toTimestamp(1_700_000_000_000), outcome };
    const choicesRequest = { namespace: "", choices: [recorded] };
    assert.deepEqual(await planning.recordChoices(choicesRequest), { learned: 1 });
    assert.deepEqual(await planning.recordChoices(choicesRequest), { learned: 0 });
    assert.match(
      await refused(
        planning.recordChoices({ namespace: "", choices: [{ ...recorded, outcome: undefined }] }),
      ),
      /choices\[0\]: expected the actual duration, got none\. Set the value/,
    );
    const untimed = { ...request, candidates: [{ mode: workflow }] };
    assert.match(
      await refused(planning.chooseMode(ChooseModeRequest.fromPartial(untimed))),
      /candidates\[0\]: expected a time of more than 0 for workflow, got none\. Correct/,
    );
  });
});
