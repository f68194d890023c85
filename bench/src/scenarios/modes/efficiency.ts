import { execute, InLine, lowerBounds, usualDelays } from "@tutti/planner";
import { rounded } from "../../measure/statistics.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { type Case, mixedCases } from "./cases.ts";
import { problemOf, World } from "./world.ts";

/**
 * Numbers of concurrent cases of each kind, on the agents of the first case. With little work, there is less to gain.
 */
const perKinds = [1, 3] as const;
const kinds = 5;
const warmUp = 8;
const loads = 12;

/** A concurrent load of all kinds on agents of unequal speeds: the used share of their time, and the total time. */
export const efficiency: Scenario = {
  name: "efficiency",
  about:
    "time × slots and busy share of ADAPTIVE on one mixed load, compared with a queue that ignores speed and with least-loaded",
  goals: [
    {
      line: { variant: "adaptive" },
      figure: "betterThanBlind",
      atLeast: 0.25,
      compared: ["slotSeconds", "boundSlotSeconds"],
      known: { issue: 26, worst: 0.1 },
    },
  ],
  async *run({ isBrief = false }) {
    for (const perKind of isBrief ? perKinds.slice(0, 1) : perKinds) yield* loadsOf(perKind);
  },
};

function* loadsOf(perKind: number): Generator<Result> {
  const world = new World();
  const lines: Figures[] = [];
  for (let seed = 1; seed <= warmUp + loads; seed++) {
    const figures = figuresOf(merged([...mixedCases(kinds * perKind, 1_000 + seed)]), world);
    if (seed > warmUp) lines.push(figures);
  }
  const mean = (value: (figures: Figures) => number) =>
    rounded(lines.reduce((sum, figures) => sum + value(figures), 0) / lines.length);
  for (const name of ["blind", "leastLoaded", "adaptive", "bound"] as const)
    yield {
      variant: name,
      loads: lines.length,
      tasks: mean(({ tasks }) => tasks),
      slotSeconds: mean((line) => (line[name].timeMs * line.slots) / 1_000),
      boundSlotSeconds: mean((line) => (line.bound.timeMs * line.slots) / 1_000),
      overBound: mean((line) => line[name].timeMs / line.bound.timeMs),
      betterThanBlind: mean((line) => 1 - line[name].timeMs / line.blind.timeMs),
      betterThanLeastLoaded: mean((line) => 1 - line[name].timeMs / line.leastLoaded.timeMs),
      busyShare: mean((line) => line[name].busyMs / (line[name].timeMs * line.slots)),
    };
}

interface Outcome {
  readonly timeMs: number;
  readonly busyMs: number;
}

interface Figures {
  readonly tasks: number;
  readonly slots: number;
  readonly blind: Outcome;
  readonly leastLoaded: Outcome;
  readonly adaptive: Outcome;
  readonly bound: Outcome;
}

function figuresOf(load: Case, world: World): Figures {
  const problem = problemOf(load.tasks, load.speeds);
  const inLine = (by: "anyone" | "leastLoaded"): Outcome => {
    const done = execute(problem, new InLine(problem, { first: "ready", by }), () => usualDelays.workflow);
    return { timeMs: done.makespanMs, busyMs: done.busyMs };
  };
  const boundMs = lowerBounds(problem).sharpMs;
  const sizesMs = problem.sizesMs.reduce((sum, size) => sum + size, 0);
  const fastest = Math.max(...load.speeds);
  return {
    tasks: problem.tasks,
    slots: problem.slots,
    blind: inLine("anyone"),
    leastLoaded: inLine("leastLoaded"),
    adaptive: world.live(load),
    // The busy time is at least all work on the fastest agent. Otherwise the slots within the bound limit it.
    bound: {
      timeMs: boundMs,
      busyMs: Math.max(sizesMs / fastest, Math.min(sizesMs, boundMs * problem.slots)),
    },
  };
}

function merged(cases: readonly Case[]): Case {
  return {
    kind: "mixed",
    speeds: cases[0]?.speeds ?? [],
    tasks: cases.flatMap(({ tasks }, number) =>
      tasks.map((task) => ({
        ...task,
        id: `${number}/${task.id}`,
        needs: task.needs.map((need) => `${number}/${need}`),
      })),
    ),
  };
}
