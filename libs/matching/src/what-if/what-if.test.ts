import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantile } from "@tutti/analysis";
import { Draws } from "@tutti/planner";
import { fastest } from "../strategies/strategies.ts";
import { prepareReplay } from "./prepare.ts";
import { asItWas, type RecordedAgent, type RecordedAttempt, type Recording } from "./recording.ts";
import { waitsOf } from "./report.ts";
import { compareStrategies } from "./strategies.ts";
import { selfCheck, type WhatIfQuery, whatIf } from "./what-if.ts";

const startMs = 1_800_000_000_000;
const policy = { namespace: "default", pool: "default", settings: {}, limits: [] };
const goals = { waitMs: 0, pricePerHour: 0 };

interface Task {
  readonly id: string;
  readonly atMs: number;
  readonly occupiedMs: number;
  readonly namespace?: string;
}

interface House {
  readonly workers: number;
  readonly slots?: number;
  /** From the end of a task to the next one in its slot. */
  readonly hopMs?: number;
}

function attempt(id: string, more: Partial<RecordedAttempt>): RecordedAttempt {
  return {
    ...{ namespace: "default", kind: "run", workId: id, task: "work", attempt: 1, definition: "job" },
    ...{ capability: "work", agentId: "w0", slots: 1, priority: 0, share: "", readyMs: startMs },
    ...{ offeredMs: startMs, assignedMs: startMs, endedMs: startMs, dueMs: 0, isCopy: false },
    ...{ status: "completed", money: 0, demand: "", ...more },
  };
}

function agent(number: number, slots: number): RecordedAgent {
  const agentId = `w${number}`;
  const capabilities = [{ name: "work", version: "1.0.0", money: 0 }];
  const always = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
  return { agentId, likeId: agentId, slots, capabilities, labels: {}, resources: {}, ...always };
}

/** Returns the recording of one queue, first come first served. It is computed here, without the pool. */
function queued(tasks: readonly Task[], { workers, slots = 1, hopMs = 0 }: House): Recording {
  const free = Array.from({ length: workers * slots }, (_, at) => ({
    agentId: `w${at % workers}`,
    freeMs: 0,
  }));
  const attempts = tasks
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ id, atMs, occupiedMs, namespace = "default" }) => {
      const offeredMs = startMs + atMs;
      const slot = free.toSorted((one, other) => one.freeMs - other.freeMs)[0] ?? { agentId: "", freeMs: 0 };
      const assignedMs = slot.freeMs <= offeredMs ? offeredMs : slot.freeMs + hopMs;
      const endedMs = assignedMs + occupiedMs;
      slot.freeMs = endedMs;
      const times = { readyMs: offeredMs, offeredMs, assignedMs, endedMs };
      return attempt(id, { agentId: slot.agentId, slots, namespace, ...times });
    });
  const agents = Array.from({ length: workers }, (_, at) => agent(at, slots));
  return { namespace: "default", pool: "default", attempts, agents };
}

/** Returns more work than two slots can do, and less than four can. */
function load(count: number): Task[] {
  const draws = new Draws(7);
  let atMs = 0;
  return Array.from({ length: count }, (_, at) => {
    atMs += draws.next() * 60;
    return { id: `run-${at}`, atMs, occupiedMs: 40 + draws.next() * 80 };
  });
}

const evaluate = (recording: Recording, more: Partial<WhatIfQuery> = {}) =>
  whatIf({ recording, policy, otherPolicy: policy, scenario: asItWas, goals, ...more });

describe("a replay of a pool", () => {
  it("handles an agent that was absent in between, and counts it once if the number of workers changes", () => {
    const gapMs = 20_000;
    const tasks = load(800).map((task) => (task.atMs > 10_000 ? { ...task, atMs: task.atMs + gapMs } : task));
    const complete = queued(tasks, { workers: 2 });
    const early = complete.attempts.filter(({ offeredMs }) => offeredMs < startMs + 10_000 + gapMs);
    const leftMs = Math.max(...early.map(({ endedMs }) => endedMs)) + 1;
    const agents = complete.agents.flatMap((each) => [
      { ...each, toMs: leftMs },
      { ...each, fromMs: startMs + 10_000 + gapMs },
    ]);
    const recording = { ...complete, agents };
    const [here, everywhere] = [evaluate(recording), evaluate(complete)];
    assert.equal(here.check.isGood, true);
    assert.equal(here.check.error, everywhere.check.error);
    const scenario = { ...asItWas, workers: 3 };
    assert.deepEqual(evaluate(recording, { scenario }).scenario, evaluate(complete, { scenario }).scenario);
  });

  it("reproduces the past, and predicts the result for other numbers of workers", () => {
    const tasks = load(800);
    const recording = queued(tasks, { workers: 2 });
    for (const [scenario, house] of [
      [{ ...asItWas, workers: 3 }, { workers: 3 }],
      [{ ...asItWas, workers: 4 }, { workers: 4 }],
      [
        { ...asItWas, slots: 2 },
        { workers: 2, slots: 2 },
      ],
      [{ ...asItWas, workers: 1 }, { workers: 1 }],
    ] as const) {
      const found = evaluate(recording, { scenario });
      assert.deepEqual([found.check.error, found.check.isGood, found.check.tasks], [0, true, 800]);
      const waits = waitsOf(queued(tasks, house).attempts);
      for (const [is, share] of [
        [found.scenario?.waitP50Ms ?? 0, 0.5],
        [found.scenario?.waitP99Ms ?? 0, 0.99],
      ] as const)
        assert.ok(Math.abs(is - quantile(waits, share)) < 1, `${JSON.stringify(house)} ${share}: ${is}`);
    }
  });

  it("measures how long a slot is empty between two tasks, and applies that pause", () => {
    const tasks = load(600);
    const recording = queued(tasks, { workers: 3, hopMs: 20 });
    const prepared = prepareReplay(recording);
    assert.equal(Math.round(quantile(prepared.hopsMs, 0.5)), 20);
    assert.equal(selfCheck(recording, prepared, policy).error < 0.01, true);
    const { scenario } = evaluate(recording, { scenario: { ...asItWas, workers: 2 } });
    const expected = quantile(waitsOf(queued(tasks, { workers: 2, hopMs: 20 }).attempts), 0.5);
    assert.ok(Math.abs((scenario?.waitP50Ms ?? 0) - expected) < 0.05 * expected);
  });

  it("rejects a recording that it cannot reproduce", () => {
    const recording = queued(load(300), { workers: 2 });
    const agents = [0, 1, 2, 3].map((number) => agent(number, 1));
    const found = evaluate({ ...recording, agents });
    assert.deepEqual([found.check.isGood, found.scenario], [false, undefined]);
    assert.ok(found.check.error > 0.05);
    assert.equal(found.past.tasks, 300);
  });

  it("keeps the delay between a task and its cause", () => {
    const attempts = [
      attempt("other", {
        readyMs: startMs,
        offeredMs: startMs,
        assignedMs: startMs,
        endedMs: startMs + 1_000,
      }),
      ...chain("run", startMs + 10, startMs + 1_000),
    ];
    const recording = { namespace: "default", pool: "default", attempts, agents: [agent(0, 1)] };
    assert.equal(evaluate(recording).check.error, 0);
    const { scenario } = evaluate(recording, { scenario: { ...asItWas, workers: 2 } });
    // The first task of the chain waits no more. The second one follows 5 ms after it.
    assert.deepEqual([scenario?.spanMs, scenario?.waitP99Ms], [1_000, 0]);
  });

  it("counts the wait of a retry from the first queueing", () => {
    const first = { readyMs: startMs, offeredMs: startMs, assignedMs: startMs, endedMs: startMs + 50 };
    const second = { attempt: 2, readyMs: startMs, offeredMs: startMs + 250, assignedMs: startMs + 250 };
    const attempts = [
      attempt("run", { ...first, status: "failed" }),
      attempt("run", { ...second, endedMs: startMs + 300 }),
    ];
    const recording = { namespace: "default", pool: "default", attempts, agents: [agent(0, 1)] };
    const { check, scenario } = evaluate(recording, { scenario: { ...asItWas, workers: 3 } });
    assert.equal(check.error, 0);
    assert.deepEqual([scenario?.waitP99Ms !== 0, scenario?.spanMs], [true, 300]);
  });

  it("keeps a slow agent slow, and shows the effect of a strategy", () => {
    const recording = queued(load(400), { workers: 4 });
    const slow = recording.attempts.map((each, at) => ({
      ...each,
      ...{ agentId: at % 2 === 0 ? "w0" : "w1", offeredMs: startMs + at * 100, readyMs: startMs + at * 100 },
      ...{ assignedMs: startMs + at * 100, endedMs: startMs + at * 100 + (at % 2 === 0 ? 300 : 60) },
    }));
    const agents = [agent(0, 4), agent(1, 4)];
    const { check, past, scenario } = evaluate(
      { ...recording, attempts: slow, agents },
      { otherPolicy: { ...policy, settings: { strategy: fastest } } },
    );
    assert.equal(check.isGood, true);
    assert.ok((scenario?.use ?? 1) < 0.7 * past.use, `${scenario?.use} of ${past.use}`);
  });

  it("names tenants that starve, missed goals and the cost", () => {
    const at = (id: string, waitMs: number, more: Partial<RecordedAttempt>) =>
      attempt(id, { assignedMs: startMs + waitMs, endedMs: startMs + waitMs + 100, money: 0.5, ...more });
    const attempts = [
      ...Array.from({ length: 20 }, (_, n) => at(`large-${n}`, 10 * n, { namespace: "large" })),
      ...Array.from({ length: 6 }, (_, n) => at(`small-${n}`, 2_000 + n, { share: "session-1" })),
      at("late", 0, { namespace: "large", dueMs: startMs + 50 }),
      at("again", 0, { namespace: "large", status: "busy" }),
    ];
    const recording = { namespace: "default", pool: "default", attempts, agents: [agent(0, 1), agent(1, 1)] };
    const { past } = evaluate(recording, { goals: { waitMs: 1_000, pricePerHour: 3_600 } });
    assert.deepEqual(
      past.tenants.map(({ namespace, share, tasks, isStarved }) => [namespace, share, tasks, isStarved]),
      [
        ["large", "", 21, false],
        ["default", "session-1", 6, true],
      ],
    );
    // Six tasks waited too long, and one was late.
    assert.equal(past.missed, 7);
    assert.ok(Math.abs(past.cost - (28 * 0.5 + (2 * past.spanMs) / 1_000)) < 1e-6);
  });

  it("reports tasks that no worker does", () => {
    const recording = queued(load(20), { workers: 2 });
    const { scenario } = evaluate(recording, {
      otherPolicy: { ...policy, settings: { paused: true } },
    });
    assert.deepEqual([scenario?.tasks, scenario?.unserved, scenario?.missed], [0, 20, 20]);
  });

  it("reports the gain of each other strategy with its bounds, and nothing if the check fails", () => {
    const tasks = load(600);
    const unequal = (id: string) => (Number(id.split("-")[1]) % 2 === 0 ? 1 : 4);
    const slow = queued(
      tasks.map((task) => ({ ...task, occupiedMs: task.occupiedMs * 0.4 })),
      { workers: 8 },
    );
    const attempts = slow.attempts.map((each) => {
      const factor = unequal(each.agentId.replace("w", "w-"));
      return { ...each, endedMs: each.assignedMs + (each.endedMs - each.assignedMs) * factor };
    });
    const recording = { ...slow, attempts };
    const others = [{ strategy: "fastest" as const, policy: { ...policy, settings: { strategy: fastest } } }];
    const { check, same, strategies } = compareStrategies({ recording, policy, others, goals });
    const [found = assert.fail()] = strategies;
    assert.deepEqual([check.isGood, same?.tasks, found.report.tasks], [true, 600, 600]);
    assert.ok(found.gain > 0.2 && found.gainLow > 0.1, `${found.gain} ${found.gainLow}`);
    assert.ok(found.gainLow <= found.gain && found.gain <= found.gainHigh);
    const agents = recording.agents.slice(0, 1);
    assert.deepEqual(
      compareStrategies({ recording: { ...recording, agents }, policy, others, goals }).strategies,
      [],
    );
  });

  it("simulates a higher load", () => {
    const recording = queued(load(400), { workers: 3 });
    const { scenario, past } = evaluate(recording, { scenario: { ...asItWas, load: 2 } });
    assert.ok((scenario?.waitP50Ms ?? 0) > 5 * past.waitP50Ms);
    assert.equal(scenario?.tasks, 400);
  });
});

/** Two tasks, one after the other: the first one waits for the only worker. */
function chain(workId: string, offeredMs: number, freeMs: number): RecordedAttempt[] {
  const second = freeMs + 100 + 5;
  return [
    attempt(workId, { task: "a", readyMs: offeredMs, offeredMs, assignedMs: freeMs, endedMs: freeMs + 100 }),
    attempt(workId, {
      task: "b",
      readyMs: second,
      offeredMs: second,
      assignedMs: second,
      endedMs: second + 100,
    }),
  ];
}
