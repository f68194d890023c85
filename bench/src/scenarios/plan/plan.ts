import { rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { type Figures, figureNames, measured, type Setting } from "./measured.ts";
import { type Trace, tracesIn, usualTraces } from "./traces.ts";

/**
 * The duration of real workflows on agents in virtual time, by planner, relative to the lower bound. The bound is the
 * maximum of the critical path on the fastest agent and of all work divided by all speeds.
 */
export const plan: Scenario = {
  name: "plan",
  about: "real workflows in virtual time: queues, HEFT and plans, over the lower bound (--traces DIR)",
  goals: [
    ...[16, 64].flatMap((agents) => {
      const line = { variant: "mean", agents, speeds: "unequal" };
      const few = agents === 16;
      return [
        {
          line,
          figure: "plannedOverBound",
          atMost: few ? 1.2 : 1.15,
          known: { issue: 26, worst: few ? 1.27 : 1.22 },
        },
        {
          line,
          figure: "plannedExactOverBound",
          atMost: few ? 1.105 : 1.085,
          beside: ["plannedExactOverBound", "heftOverBound"] as const,
          known: { issue: 26, worst: few ? 1.13 : 1.11 },
        },
      ];
    }),
  ],
  run: linesOf,
};

const seeds = 10;
const settings: readonly Setting[] = [16, 64].flatMap((agents) => [
  { agents, speeds: "identical" } as const,
  { agents, speeds: "unequal" } as const,
]);
/** With fewer tasks per agent there is little to plan, so such settings are also averaged separately. */
const fewTasksPerAgent = 4;

type Line = Setting & { readonly trace: string; readonly tasks: number } & Figures;

async function* linesOf({
  traces: directory = usualTraces,
  isBrief = false,
}: Budget): AsyncGenerator<Result> {
  const traces = tracesIn(directory);
  for (const setting of isBrief ? settings.filter(({ speeds }) => speeds === "unequal") : settings) {
    const lines: Line[] = [];
    for (const trace of traces) {
      const line = lineOf(trace, traces, setting, isBrief ? 1 : seeds);
      lines.push(line);
      yield { variant: "trace", ...line, ...roundedFigures(line) };
    }
    const few = lines.filter(({ tasks }) => tasks < fewTasksPerAgent * setting.agents);
    yield meanOf("mean", setting, lines);
    if (few.length > 0) yield meanOf("mean of few tasks per agent", setting, few);
    if (few.length < lines.length)
      yield meanOf(
        "mean of many tasks per agent",
        setting,
        lines.filter((line) => !few.includes(line)),
      );
  }
}

function lineOf(trace: Trace, traces: readonly Trace[], setting: Setting, count: number): Line {
  const others = traces.filter((other) => other !== trace);
  const all = Array.from({ length: count }, (_, at) => measured(trace, others, setting, at + 1));
  return { trace: trace.name, ...setting, tasks: trace.sizesMs.length, ...means(all) };
}

function meanOf(variant: string, setting: Setting, lines: readonly Line[]): Result {
  const worse = (
    of: "heftOverBound" | "fifoFastestOverBound",
    by: "plannedExactOverBound" | "plannedOverBound",
  ) => rounded(Math.max(...lines.map((line) => line[by] / line[of])));
  return {
    variant,
    ...setting,
    traces: lines.length,
    ...roundedFigures(means(lines)),
    plannedExactBelowHeft: rounded(means(lines).heftOverBound - means(lines).plannedExactOverBound),
    plannedExactOverHeftMost: worse("heftOverBound", "plannedExactOverBound"),
    plannedOverFifoFastestMost: worse("fifoFastestOverBound", "plannedOverBound"),
  };
}

function means(all: readonly Figures[]): Figures {
  return mapped((name) => all.reduce((sum, figures) => sum + figures[name], 0) / all.length);
}

function roundedFigures(figures: Figures): Figures {
  return mapped((name) => Math.round(figures[name] * 10_000) / 10_000);
}

function mapped(value: (name: (typeof figureNames)[number]) => number): Figures {
  return Object.fromEntries(figureNames.map((name) => [name, value(name)])) as Figures;
}
