import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Plan, PlanPrograms, type PlanTask } from "../src/index.ts";
import { definitionOf, everything, machine, planOf, problemsOf } from "./language.fixture.ts";

function taskOf(plan: Plan, id: string): PlanTask {
  const task = plan.tasks.find((each) => each.id === id);
  assert.ok(task !== undefined, `there is a task ${id}`);
  return task;
}

function needsOf(plan: Plan, id: string): readonly string[] {
  const number = plan.tasks.indexOf(taskOf(plan, id));
  const found: string[] = [];
  for (const [from, task] of plan.tasks.entries()) {
    for (let at = plan.edges.offsets[from] ?? 0; at < (plan.edges.offsets[from + 1] ?? 0); at++)
      if (plan.edges.targets[at] === number) found.push(`${task.id} ${plan.edges.conditions[at]}`);
  }
  return found;
}

it("a wait for an event has its type, source, condition and time", () => {
  const plan = planOf(
    "workflow: w\ntasks: {a: {wait: {event: shop.paid, source: /shop, if: event.data.n == input.n, within: 1h}}}",
  );
  const [work] = plan.works;
  assert.ok(work?.kind === "waitEvent");
  const { condition, ...rest } = work;
  assert.deepEqual(rest, {
    kind: "waitEvent",
    type: "shop.paid",
    source: "/shop",
    within: -1,
    withinMs: 3_600_000,
  });
  assert.equal(plan.programs[condition]?.source, "event.data.n == input.n");
});

describe("the plan of a definition", () => {
  const plan = planOf(everything);

  it("numbers all tasks densely, with the tasks of a loop in their own scope", () => {
    assert.deepEqual(
      plan.scopes.map(({ owner, count }) => [owner < 0 ? "" : plan.tasks[owner]?.id, count]),
      [
        ["", 17],
        ["poll", 2],
      ],
    );
    for (const { first, count } of plan.scopes)
      for (let number = first; number < first + count; number++)
        assert.equal(
          plan.tasks[number]?.scope,
          plan.scopes.findIndex((each) => each.first === first),
        );
  });

  it("counts needs as edges lead to a task, and roots of scopes", () => {
    const counts = new Array<number>(plan.tasks.length).fill(0);
    for (const target of plan.edges.targets) counts[target] = (counts[target] ?? 0) + 1;
    assert.deepEqual(
      plan.tasks.map(({ needs }) => needs),
      counts,
    );
    for (const { first, count, roots } of plan.scopes)
      assert.equal(roots, counts.slice(first, first + count).filter((needs) => needs === 0).length);
  });

  it("derives needs and their conditions from the references of expressions", () => {
    assert.deepEqual(needsOf(plan, "charge"), ["reserve 3"]);
    assert.deepEqual(needsOf(plan, "refund"), ["charge 1"]);
    assert.deepEqual(needsOf(plan, "heavy"), ["ship 0", "weights 0"]);
    assert.deepEqual(needsOf(plan, "poll"), ["ship 0"]);
    assert.deepEqual(needsOf(plan, "judge"), ["ask 0"]);
    assert.deepEqual(needsOf(plan, "last"), ["sure 2", "more 3"]);
    const looking = planOf('workflow: w\ntasks:\n  a: {uses: x}\n  b: {set: "${{ tasks.a.status }}"}\n');
    assert.deepEqual(needsOf(looking, "b"), ["a 2"]);
  });

  it("has options with their meaning and their defaults", () => {
    const policy = plan.policies[taskOf(plan, "reserve").policy];
    assert.deepEqual(policy?.retry, {
      maxAttempts: 5,
      initialMs: 1_000,
      factor: 2,
      maxMs: 60_000,
      jitter: 0.3,
      retryOn: ["stock.*"],
      failOn: ["stock.gone"],
      pauseWhenExhausted: true,
    });
    assert.deepEqual(policy?.timeouts, {
      queueMs: 3_600_000,
      runMs: 30_000,
      heartbeatMs: 5_000,
      totalMs: 7_200_000,
    });
    assert.deepEqual(
      policy?.limits.map(({ concurrency, rateCount, ratePerMs, rateBurst }) => [
        concurrency,
        rateCount,
        ratePerMs,
        rateBurst,
      ]),
      [
        [10, 100, 300_000, 0],
        [0, 3, 1_000, 9],
      ],
    );
    assert.equal(policy?.cache?.ttlMs, 3_600_000);
    assert.deepEqual(policy?.placement?.require, {
      equals: { region: "eu" },
      exists: ["disk"],
      absent: ["spot"],
    });
    assert.equal(plan.policies[taskOf(plan, "ship").policy]?.maxParallel, 8);
    assert.deepEqual(plan.policies[taskOf(plan, "charge").policy]?.placement?.sameAgentAs, [
      plan.tasks.indexOf(taskOf(plan, "reserve")),
    ]);
  });

  it("contains the work of each task", () => {
    const work = (id: string) => plan.works[taskOf(plan, id).work];
    assert.deepEqual(work("reserve"), {
      kind: "uses",
      capability: "stock.reserve",
      versionRange: "^2",
    });
    assert.deepEqual(work("later"), { kind: "waitFor", span: -1, ms: 300_000 });
    assert.equal(work("monday")?.kind, "waitUntil");
    assert.equal(work("paid")?.kind, "waitSignal");
    const started = work("invoice");
    assert.ok(started?.kind === "workflow");
    const { parameters, ...invoice } = started;
    assert.equal(JSON.stringify(plan.programs[parameters]?.source), JSON.stringify({ currency: "EUR" }));
    assert.deepEqual(invoice, {
      kind: "workflow",
      definition: "billing.invoice",
      label: "stable",
      hash: "",
      parentClose: "abandon",
    });
    const gate = work("good") as Extract<Plan["works"][number], { kind: "gate" }>;
    assert.equal(plan.tasks[gate.sendBack]?.id, "ship");
    const loop = work("poll") as Extract<Plan["works"][number], { kind: "loop" }>;
    assert.deepEqual(
      [plan.scopes[loop.scope]?.count, loop.max, loop.everyMs, loop.while],
      [2, 20, 60_000, -1],
    );
  });

  it("has programs that compile again to the same program and use the references of the plan", () => {
    const stored = JSON.parse(JSON.stringify(plan)) as Plan;
    const programs = new PlanPrograms(stored);
    for (const [number, { references, passes }] of stored.programs.entries()) {
      const program = programs.program(number);
      assert.deepEqual(
        program.references,
        references.map(({ name }) => name),
      );
      assert.equal(program.passes ?? -1, passes);
      for (const { name, task, field } of references)
        assert.deepEqual([task >= 0, field !== ""], [name.startsWith("tasks."), name.startsWith("tasks.")]);
    }
    const sum = programs.program(taskOf(plan, "heavy").input);
    const evaluation = sum.evaluate((place) =>
      sum.references[place] === "tasks.weights.output" ? [1, 2] : [],
    );
    assert.deepEqual({ ...(evaluation.ok ? (evaluation.value as object) : {}) }, { boxes: [], sum: 3 });
  });

  it("passes a program through if it is a single variable", () => {
    const context = (
      plan.works[taskOf(plan, "sure").work] as Extract<Plan["works"][number], { kind: "approve" }>
    ).context;
    assert.equal(plan.programs[context]?.passes, 0);
    assert.equal(plan.programs[context]?.references[0]?.name, "tasks.ship.output");
  });
});

describe("the plan of states", () => {
  const plan = planOf(machine);
  const number = (name: string) => plan.states.findIndex((state) => state.name === name);

  it("has states, transitions with guards, and actions as tasks in a row", () => {
    assert.equal(plan.kind, "states");
    assert.equal(plan.initial, number("closed"));
    const closed = plan.states[number("closed")];
    const entry = plan.scopes[closed?.entry ?? -1];
    assert.deepEqual([entry?.count, entry?.roots], [2, 1]);
    const knock = closed?.on.find(({ signal }) => signal === "knock");
    const [first, second] = (knock?.transitions ?? []).map((transition) => plan.transitions[transition]);
    assert.equal(first?.to, number("opened"));
    assert.ok((first?.when ?? -1) >= 0 && (first?.do ?? -1) >= 0);
    assert.equal(second?.to, -1);
    assert.deepEqual(Object.keys(second?.set ?? {}), ["knocks"]);
    assert.deepEqual(
      closed?.after.map(({ ms }) => ms),
      [86_400_000, 30_000],
    );
    assert.equal(plan.tasks[plan.states[number("opened")]?.run ?? -1]?.id, "opened.run");
    assert.equal(plan.states[number("forgotten")]?.final, true);
  });
});

describe("the hash of a definition", () => {
  it("is the same in any notation, and different for different content", () => {
    const { hash } = definitionOf(everything);
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.equal(definitionOf(`# a comment\n${everything}`).hash, hash);
    assert.equal(
      definitionOf(
        everything.replace(
          '{customer: "${{ input.customer }}"}\n    placement',
          "\n      customer: >-\n        ${{ input.customer }}\n    placement",
        ),
      ).hash,
      hash,
    );
    assert.notEqual(definitionOf(everything.replace("attempts: 5", "attempts: 6")).hash, hash);
    assert.notEqual(definitionOf(everything.replace("All of it.", "Nearly all.")).hash, hash);
  });

  it("does not depend on the order of keys, but on that of tasks", () => {
    const a = definitionOf("workflow: w\ntasks: {a: {uses: x, with: {p: 1, q: 2}}, b: {uses: y}}").hash;
    assert.equal(
      definitionOf("tasks: {a: {with: {q: 2, p: 1}, uses: x}, b: {uses: y}}\nworkflow: w").hash,
      a,
    );
    assert.notEqual(
      definitionOf("workflow: w\ntasks: {b: {uses: y}, a: {uses: x, with: {p: 1, q: 2}}}").hash,
      a,
    );
  });
});

describe("the fixtures", () => {
  it("pass the check without problems", () => {
    assert.deepEqual(problemsOf(everything), []);
    assert.deepEqual(problemsOf(machine), []);
  });
});
