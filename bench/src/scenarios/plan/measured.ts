import {
  Draws,
  durationMs,
  type Execution,
  execute,
  Follow,
  fleetOf,
  heft,
  InLine,
  improvedPlan,
  LearnedTimes,
  LivePlan,
  lowerBounds,
  meanTimes,
  type Problem,
  prepare,
  upwardRanks,
} from "@tutti/planner";
import { described, knownFrom } from "./knowledge.ts";
import type { Trace } from "./traces.ts";

export interface Setting {
  readonly agents: number;
  readonly speeds: "identical" | "unequal";
}

/** Numbers of one trace on one fleet. */
export type Figures = Readonly<Record<(typeof figureNames)[number], number>>;

export const figureNames = [
  "fifoOverBound",
  "fifoFastestOverBound",
  "criticalFirstOverBound",
  "heftOverBound",
  "plannedExactOverBound",
  "plannedOverBound",
  "plannedWithoutCopiesOverBound",
  "sharpBoundOverBound",
  "plannedCopiesPerTask",
  "plannedExtraWork",
  "planMs",
  "planCpuMs",
  "livePlanCpuMs",
] as const;

/** Orders that the search tries. The number is the same on every machine, and so are the plans. */
const searchSteps = 2_000;

export function measured(trace: Trace, others: readonly Trace[], setting: Setting, seed: number): Figures {
  const speeds = speedsOf(setting, seed);
  const problem = problemOf(trace, speeds);
  const { pathMs, workMs, sharpMs } = lowerBounds(problem);
  const boundMs = Math.max(pathMs, workMs);
  const ratio = (execution: Execution) => {
    if (execution.unfinished > 0)
      throw new Error(`expected all of ${trace.name} to end, ${execution.unfinished} did not`);
    return execution.makespanMs / boundMs;
  };
  const inLine = (first: "ready" | Float64Array, by: "anyone" | "fastest") =>
    ratio(execute(problem, new InLine(problem, { first, by })));
  const plain = heft(problem);
  const search = timed(() => improvedPlan(problem, { steps: searchSteps, seed }));
  if (plain === undefined || search.value === undefined)
    throw new Error("expected a plan for agents that stay");
  const alone = execute(problem, livePlan(trace, others, problem, speeds, false));
  const dispatcher = livePlan(trace, others, problem, speeds, true);
  const live = timed(() => execute(problem, dispatcher));
  return {
    fifoOverBound: inLine("ready", "anyone"),
    fifoFastestOverBound: inLine("ready", "fastest"),
    criticalFirstOverBound: inLine(upwardRanks(problem, meanTimes(problem)), "fastest"),
    heftOverBound: ratio(execute(problem, new Follow(plain))),
    plannedExactOverBound: ratio(execute(problem, new Follow(search.value))),
    plannedOverBound: ratio(live.value),
    plannedWithoutCopiesOverBound: ratio(alone),
    sharpBoundOverBound: sharpMs / boundMs,
    plannedCopiesPerTask: live.value.copies / problem.tasks,
    plannedExtraWork: live.value.busyMs / usefulMs(problem, live.value) - 1,
    planMs: search.ms,
    planCpuMs: search.cpuMs,
    livePlanCpuMs: live.cpuMs,
  };
}

function speedsOf({ agents, speeds }: Setting, seed: number): readonly number[] {
  const draws = new Draws(seed);
  return Array.from({ length: agents }, () => (speeds === "identical" ? 1 : 0.5 + 1.5 * draws.next()));
}

function problemOf(trace: Trace, speeds: readonly number[]): Problem {
  const prepared = prepare(trace, fleetOf(speeds));
  if (!("problem" in prepared)) throw new Error(`expected agents for ${trace.name}`);
  return prepared.problem;
}

function livePlan(
  trace: Trace,
  others: readonly Trace[],
  problem: Problem,
  speeds: readonly number[],
  copies: boolean,
): LivePlan {
  const agents = speeds.map((speed, agent) => ({ agentId: `agent-${agent}`, slowness: 1 / speed }));
  const tasks = described(trace, "this run");
  return new LivePlan(problem, new LearnedTimes(problem, knownFrom(others), tasks, agents), { copies });
}

/** Returns the busy time without repeated work. */
function usefulMs(problem: Problem, { agentOf }: Execution): number {
  return agentOf.reduce((sum, agent, task) => sum + durationMs(problem, task, agent), 0);
}

function timed<Value>(work: () => Value): {
  readonly value: Value;
  readonly ms: number;
  readonly cpuMs: number;
} {
  const cpu = process.threadCpuUsage();
  const startMs = performance.now();
  const value = work();
  const ms = performance.now() - startMs;
  const { user, system } = process.threadCpuUsage(cpu);
  return { value, ms, cpuMs: (user + system) / 1_000 };
}
