import type { Budget, Result, Scenario } from "../../scenario.ts";
import { chainOf, costOfGraphs, layered } from "../dag.ts";
import { busy } from "../swarm/swarm.ts";
import { exponentMax, lineOf } from "./curve.ts";
import { curveOf, growing } from "./installation.ts";

/** The first hundreds are left out, because new code costs more than its work. */
const sizes = [1_000, 3_000, 10_000];
const graphs = [100, 1_000, 10_000, 100_000];
/** Each task needs the previous one, so that only the history grows. */
const chains = [100, 1_000, 10_000];
/** On a busy machine, a second may be too short for any result. */
const agentSeconds = 3;
const agentCounts = [10, 100, 1_000, 5_000];

const names = ["tasks in a graph", "history of a run", "agents", ...growing.map(({ name }) => name)];

/** Measures processor time instead of elapsed time, so that other programs on the machine change little. */
export const scale: Scenario = {
  name: "scale",
  about:
    "processor time of one more task, event, agent, run, session, schedule and namespace, by how many there are",
  seconds: 1,
  brief: { rounds: 1, seconds: 1 },
  goals: names.map((variant) => ({
    line: { variant },
    figure: "exponent",
    atMost: exponentMax,
    ...(variant === "agents" && { known: { issue: 28, worst: 1.3 } }),
  })),
  async *run(budget) {
    yield await graphLine("tasks in a graph", graphs, layered, budget);
    yield await graphLine("history of a run", chains, chainOf, budget);
    yield await agentLine(budget);
    for (const each of growing) yield lineOf(each.name, await curveOf(each, sizes));
  },
};

async function graphLine(
  name: string,
  counts: readonly number[],
  documentOf: typeof layered,
  budget: Budget,
): Promise<Result> {
  const found = await costOfGraphs(
    budget,
    counts.map((count) => [count, documentOf(count)]),
  );
  return lineOf(
    name,
    found.map(({ tasks, usPerTask }) => ({ size: tasks, usPerItem: usPerTask })),
  );
}

/** Measures the cost of a task in the pool's process. */
async function agentLine(budget: Budget): Promise<Result> {
  const points = [];
  for (const agents of agentCounts) {
    const rounds = Math.min(2, budget.rounds);
    const { mainUsPerTask } = await busy(agents, { rounds, seconds: Math.max(agentSeconds, budget.seconds) });
    points.push({ size: agents, usPerItem: Number(mainUsPerTask) });
  }
  return lineOf("agents", points);
}
