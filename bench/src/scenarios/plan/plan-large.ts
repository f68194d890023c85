import {
  Draws,
  fleetOf,
  type Graph,
  heft,
  improvedPlan,
  lowerBounds,
  type Problem,
  prepare,
} from "@tutti/planner";
import { median, rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { timed } from "./measured.ts";

const tasks = 10_000;
const agents = 64;
const width = 250;
const needsPerTask = 3;
const searchSteps = 20;

/** How long planning takes where there is much to plan. */
export const planLarge: Scenario = {
  name: "plan-large",
  about: "time to plan 10,000 tasks in layers on 64 agents of unequal speeds",
  // ADR 0050 has 12 and 370 ms of a quiet machine.
  goals: [
    { line: { variant: "heft" }, figure: "planCpuMs", atMost: 50, unit: "ms" },
    { line: { variant: `improved, ${searchSteps} steps` }, figure: "planCpuMs", atMost: 1_500, unit: "ms" },
  ],
  run: planned,
};

async function* planned({ rounds }: Budget): AsyncGenerator<Result> {
  const problem = large();
  const boundMs = lowerBounds(problem).sharpMs;
  const variants = [
    ["heft", () => heft(problem)],
    [`improved, ${searchSteps} steps`, () => improvedPlan(problem, { steps: searchSteps })],
  ] as const;
  for (const [variant, make] of variants) {
    make();
    const all = Array.from({ length: rounds }, () => timed(make));
    yield {
      variant,
      tasks,
      agents,
      planMs: rounded(median(all.map(({ ms }) => ms))),
      planCpuMs: rounded(median(all.map(({ cpuMs }) => cpuMs))),
      overBound: rounded((all[0]?.value?.makespanMs ?? Number.NaN) / boundMs),
    };
  }
}

function large(): Problem {
  const draws = new Draws(7);
  const after: number[][] = Array.from({ length: tasks }, () => []);
  for (let task = width; task < tasks; task++) {
    const layer = task - (task % width);
    const needs = new Set(Array.from({ length: needsPerTask }, () => layer - 1 - draws.below(width)));
    for (const need of needs) after[need]?.push(task);
  }
  const sizesMs = Array.from({ length: tasks }, () => 1_000 * Math.exp(draws.normal()));
  const speeds = Array.from({ length: agents }, () => 0.5 + 1.5 * draws.next());
  const prepared = prepare({ graph: graphOf(after), sizesMs }, fleetOf(speeds));
  if (!("problem" in prepared)) throw new Error("expected agents that can do everything");
  return prepared.problem;
}

function graphOf(after: readonly (readonly number[])[]): Graph {
  const offsets = [0];
  const targets = after.flat();
  for (const those of after) offsets.push((offsets.at(-1) ?? 0) + those.length);
  return { offsets, targets };
}
