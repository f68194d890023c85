/**
 * The engines in virtual time: their dispatchers, and their overhead in addition to the work. Predictions and
 * counterfactuals use them.
 */
import type { Delays } from "../execution/delays.ts";
import type { Dispatcher } from "../execution/dispatcher.ts";
import { InLine } from "../execution/in-line.ts";
import { InParts } from "../execution/in-parts.ts";
import { LivePlan } from "../execution/live-plan.ts";
import type { Outlook } from "../execution/outlook.ts";
import { upwardRanks } from "../plan/ranks.ts";
import type { Problem } from "../work/problem.ts";
import type { CutPart, PartMode } from "./cut.ts";
import type { Mode } from "./mode.ts";

export type EngineDelays = Readonly<Record<PartMode, Delays>>;

/** As measured (docs/adr/0054-choosing-modes.md). An installation may pass its own measurements. */
export const usualDelays: EngineDelays = {
  workflow: { startMs: 7, turnMs: 0.7, growMs: 7, beginMs: 0.2, assignMs: 0.03, endMs: 4 },
  swarm: { startMs: 6, turnMs: 0.9, growMs: 3, beginMs: 0.1, assignMs: 0.03, endMs: 12 },
  intelligence: { startMs: 8, turnMs: 1, growMs: 11, beginMs: 10, assignMs: 1.2, endMs: 9 },
};

/** A task with less than this many times the planning overhead is better not planned. */
const shortTaskHops = 20;

export function shortMsOf({ workflow, intelligence }: EngineDelays): number {
  const hopMs = ({ turnMs, beginMs, assignMs }: Delays) => turnMs + beginMs + assignMs;
  return shortTaskHops * Math.max(0, hopMs(intelligence) - hopMs(workflow));
}

export interface EngineSettings {
  /** Returns the outlook for all tasks, or for these, then by their positions among them. */
  readonly outlookOf: (problem: Problem, tasks?: readonly number[]) => Outlook;
  /** Whether a running task may be started a second time. */
  readonly copies: boolean;
  readonly delays: EngineDelays;
  /** Agents in the order of their last use by pools, the oldest first. Absent: by number. */
  readonly lastUseOrder?: ArrayLike<number>;
  /** For `hybrid`: the tasks of each mode. */
  readonly parts: readonly CutPart[];
  /** For found tasks: the task that they are like. They belong to its part. Absent: none were found. */
  readonly likeOf?: ArrayLike<number>;
  /**
   * Instead of plans, urgent tasks first on the fastest agents: nearly as good, at a fraction of the cost.
   */
  readonly byRanks?: boolean;
}

export interface VirtualEngine {
  readonly dispatcher: Dispatcher;
  readonly delaysOf: (task: number) => Delays;
}

/** Returns the dispatcher of a mode, with its delays. */
export function engineOf(mode: Mode, problem: Problem, settings: EngineSettings): VirtualEngine {
  if (mode !== "hybrid") {
    const delays = settings.delays[mode];
    return { dispatcher: dispatcherOf(mode, problem, settings), delaysOf: () => delays };
  }
  const { parts, likeOf, delays } = settings;
  const modeOf: PartMode[] = [];
  for (const { mode: own, tasks } of parts) for (const task of tasks) modeOf[task] = own;
  for (let task = 0; task < problem.tasks; task++) modeOf[task] ??= modeOf[likeOf?.[task] ?? 0] ?? "workflow";
  const all = Array.from({ length: problem.tasks }, (_, task) => task);
  // The plan reserves its agents first. The queues use the others.
  const shares = planFirst.flatMap((own) => {
    const tasks = all.filter((task) => modeOf[task] === own);
    if (tasks.length === 0) return [];
    return [{ tasks, dispatcher: (part: Problem) => dispatcherOf(own, part, settings, tasks) }];
  });
  return { dispatcher: new InParts(problem, shares), delaysOf: (task) => delays[modeOf[task] ?? "workflow"] };
}

const planFirst: readonly PartMode[] = ["intelligence", "workflow", "swarm"];

function dispatcherOf(
  mode: PartMode,
  problem: Problem,
  { outlookOf, copies, lastUseOrder, byRanks = false }: EngineSettings,
  tasks?: readonly number[],
): Dispatcher {
  // Both offer ready tasks to the pool, which assigns them to the agent with the most room, in their order.
  if (mode !== "intelligence")
    return new InLine(problem, { first: "ready", by: "leastLoaded", ...(lastUseOrder && { lastUseOrder }) });
  const outlook = outlookOf(problem, tasks);
  if (!byRanks) return new LivePlan(problem, outlook, { copies });
  const usual = Float64Array.from({ length: problem.tasks }, (_, task) => outlook.usualMs(task));
  return new InLine(problem, { first: upwardRanks(problem, usual), by: "fastest" });
}
