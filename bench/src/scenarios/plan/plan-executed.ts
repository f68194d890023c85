import {
  Draws,
  type EngineDelays,
  engineOf,
  execute,
  fleetOf,
  LearnedTimes,
  lowerBounds,
  type Mode,
  type Problem,
  prepare,
  usualDelays,
} from "@tutti/planner";
import { rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { described, knownFrom } from "./knowledge.ts";
import { type Trace, tracesIn, usualTraces } from "./traces.ts";

/**
 * Real workflows as sessions, by a plan and in the declared order, with what engines take besides; and once more where agents are not what
 * they say: a quarter of them does half of what it declares, and one in eight leaves when a third of the time is over.
 */
export const planExecuted: Scenario = {
  name: "plan-executed",
  about:
    "real workflows in virtual time: INTELLIGENCE beside WORKFLOW, also where agents deceive and leave (--traces DIR)",
  run: linesOf,
};

const seeds = 10;
const settings = [16, 64].flatMap((agents) => [
  { agents, speeds: "identical" } as const,
  { agents, speeds: "unequal" } as const,
]);

type Setting = (typeof settings)[number];

const figureNames = [
  "workflowOverBound",
  "intelligenceOverBound",
  "intelligenceWithCopiesOverBound",
  "disturbedWorkflowOverBound",
  "disturbedIntelligenceOverBound",
  "disturbedIntelligenceWithCopiesOverBound",
] as const;

type Figures = Readonly<Record<(typeof figureNames)[number], number>>;

async function* linesOf({ traces: directory = usualTraces }: Budget): AsyncGenerator<Result> {
  const traces = tracesIn(directory);
  for (const setting of settings) {
    const lines: Figures[] = [];
    for (const trace of traces) {
      const others = traces.filter((other) => other !== trace);
      const figures = means(
        Array.from({ length: seeds }, (_, at) => executed(trace, others, setting, at + 1)),
      );
      lines.push(figures);
      yield { variant: "trace", trace: trace.name, ...setting, ...told(figures), ...compared([figures]) };
    }
    yield { variant: "mean", ...setting, traces: lines.length, ...told(means(lines)), ...compared(lines) };
  }
}

function executed(
  trace: Trace,
  others: readonly Trace[],
  { agents, speeds }: Setting,
  seed: number,
): Figures {
  const draws = new Draws(seed);
  const declared = Array.from({ length: agents }, () =>
    speeds === "identical" ? 1 : 0.5 + 1.5 * draws.next(),
  );
  const plain = problemOf(trace, declared);
  const { pathMs, workMs } = lowerBounds(plain);
  const boundMs = Math.max(pathMs, workMs);
  const really = declared.map((speed) => (draws.next() < 0.25 ? speed / 2 : speed));
  const leaves = declared.map((_, agent) =>
    agent > 0 && draws.next() < 0.125 ? boundMs / 3 : Number.POSITIVE_INFINITY,
  );
  const disturbed = problemOf(trace, really, leaves);
  const over = (problem: Problem, mode: Mode, copies = false) => {
    const slowness = declared.map((speed, agent) => ({ agentId: `agent-${agent}`, slowness: 1 / speed }));
    const { dispatcher, delaysOf } = engineOf(mode, problem, {
      outlookOf: (all) => new LearnedTimes(all, knownFrom(others), described(trace, "this run"), slowness),
      ...{ copies, delays, parts: [] },
    });
    const done = execute(problem, dispatcher, delaysOf);
    if (done.left > 0) throw new Error(`expected all of ${trace.name} to end, ${done.left} did not`);
    return done.makespanMs / boundMs;
  };
  return {
    workflowOverBound: over(plain, "workflow"),
    intelligenceOverBound: over(plain, "intelligence"),
    intelligenceWithCopiesOverBound: over(plain, "intelligence", true),
    disturbedWorkflowOverBound: over(disturbed, "workflow"),
    disturbedIntelligenceOverBound: over(disturbed, "intelligence"),
    disturbedIntelligenceWithCopiesOverBound: over(disturbed, "intelligence", true),
  };
}

const delays: EngineDelays = usualDelays;

function problemOf(trace: Trace, speeds: readonly number[], leaveMs?: readonly number[]): Problem {
  const prepared = prepare(trace, { ...fleetOf(speeds), ...(leaveMs && { leaveMs }) });
  if (!("problem" in prepared)) throw new Error(`expected agents for ${trace.name}`);
  return prepared.problem;
}

function means(all: readonly Figures[]): Figures {
  return mapped((name) => all.reduce((sum, figures) => sum + figures[name], 0) / all.length);
}

function told(figures: Figures): Figures {
  return mapped((name) => Math.round(figures[name] * 10_000) / 10_000);
}

/** The plan over the declared order: on the average, and where it came off worst. */
function compared(lines: readonly Figures[]) {
  const ratios = (name: (typeof figureNames)[number], to: (typeof figureNames)[number]) =>
    lines.map((line) => line[name] / line[to]);
  const plain = ratios("intelligenceOverBound", "workflowOverBound");
  const disturbed = ratios("disturbedIntelligenceOverBound", "disturbedWorkflowOverBound");
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    overWorkflow: rounded(mean(plain)),
    overWorkflowMost: rounded(Math.max(...plain)),
    disturbedOverWorkflow: rounded(mean(disturbed)),
    disturbedOverWorkflowMost: rounded(Math.max(...disturbed)),
  };
}

function mapped(value: (name: (typeof figureNames)[number]) => number): Figures {
  return Object.fromEntries(figureNames.map((name) => [name, value(name)])) as Figures;
}
