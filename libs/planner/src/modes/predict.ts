/**
 * The expected result of each mode. The same drawn cases are executed in virtual time under each engine's own
 * dispatcher. Their number depends on the budget: fewer with more tasks and slots.
 */
import { Draws } from "../chance/draws.ts";
import { type Execution, execute } from "../execution/execute.ts";
import { Believed, beliefsOf } from "./believed.ts";
import { type CutPart, cut } from "./cut.ts";
import { type EngineDelays, engineOf, shortMsOf } from "./engines.ts";
import type { Mode } from "./mode.ts";
import { type SampledCase, sampledCases } from "./sampled-times.ts";
import type { Situation } from "./situation.ts";

export interface Prediction {
  readonly mode: Mode;
  /** In each of the cases, the same cases for all modes. */
  readonly timesMs: readonly number[];
  readonly meanMs: number;
  /** One case in ten takes longer. */
  readonly highMs: number;
  /** Busy time of agents. */
  readonly busyMs: number;
  readonly money: number;
  /** Slots in use, on average. */
  readonly slots: number;
  readonly quality: number;
  /** Why it cannot be chosen at all, as a text. */
  readonly ineligible?: string;
  /** Method of the prediction. */
  readonly by: "its scheduler" | "ranks";
}

export interface PredictionLimits {
  /** Maximum number of comparisons of a task with a slot, over all cases: the cost of planning. */
  readonly comparisonsMax: number;
  readonly casesMax: number;
}

export const usualPredictionLimits: PredictionLimits = { comparisonsMax: 20_000, casesMax: 16 };

/** Cases with found tasks vary more than cases with known tasks: more of them are drawn. */
const growing = 0.05;
const growingTimes = 3;

export function predicted(
  situation: Situation,
  modes: readonly Mode[],
  engines: Pick<Circumstances, "delays" | "parts">,
  { comparisonsMax, casesMax }: PredictionLimits = usualPredictionLimits,
  seed = 1,
): readonly Prediction[] {
  const { tasks, slots } = situation.problem;
  const comparisons = Math.max(1, tasks * Math.max(1, slots));
  const isGrowing = situation.finds.some((finds) => finds > growing);
  const most = isGrowing ? casesMax * growingTimes : casesMax;
  const count = Math.max(1, Math.min(most, Math.floor(comparisonsMax / comparisons)));
  const cases = sampledCases(situation, count, new Draws(seed));
  const isLarge = comparisons > comparisonsMax;
  return modes.map((mode) => predictedOf(mode, situation, cases, { ...engines, isLarge }));
}

/** Returns the parts of a situation under `hybrid`. */
export function cutOf({ problem, finds }: Situation, delays: EngineDelays): readonly CutPart[] {
  return cut({ graph: problem.after, sizesMs: problem.sizesMs, finds, shortMs: shortMsOf(delays) });
}

const highShare = 0.9;

interface Circumstances {
  readonly delays: EngineDelays;
  readonly parts: readonly CutPart[];
  /** True if planning as in the engine would take too long. */
  readonly isLarge: boolean;
}

function predictedOf(
  mode: Mode,
  situation: Situation,
  cases: readonly SampledCase[],
  { delays, parts, isLarge }: Circumstances,
): Prediction {
  const done = cases.map(({ problem, beliefs, likeOf, lastUseOrder }) => {
    const { dispatcher, delaysOf } = engineOf(mode, problem, {
      outlookOf: (own, tasks) => new Believed(own, beliefsOf(beliefs, tasks)),
      copies: situation.repeatable,
      delays,
      parts,
      likeOf,
      lastUseOrder,
      byRanks: isLarge,
    });
    return execute(problem, dispatcher, delaysOf);
  });
  const timesMs = done.map(({ makespanMs }) => makespanMs);
  const busyMs = meanOf(done.map((each) => each.busyMs));
  const meanMs = meanOf(timesMs);
  const isPlanned =
    mode === "intelligence" || (mode === "hybrid" && parts.some((part) => part.mode === "intelligence"));
  return {
    mode,
    timesMs,
    meanMs,
    highMs: quantileOf(timesMs, highShare),
    busyMs,
    money: meanOf(done.map((each, at) => moneyOf(situation, each, cases[at]?.likeOf ?? []))),
    slots: meanMs === 0 ? 0 : busyMs / meanMs,
    quality: meanOf(done.map((each, at) => qualityOf(situation, each, cases[at]?.likeOf ?? []))),
    ...(mode === "hybrid" && parts.length < 2
      ? {
          ineligible: `all tasks are best run as ${parts[0]?.mode ?? "nothing"}, so there are no separate parts`,
        }
      : {}),
    by: isLarge && isPlanned ? "ranks" : "its scheduler",
  };
}

/** Returns the known cost of such a task. Else its duration, at the price of the agent. */
export function moneyOf(
  situation: Situation,
  { agentOf, startMs, endMs }: Pick<Execution, "agentOf" | "startMs" | "endMs">,
  likeOf: readonly number[] = [],
): number {
  const { kindOf, money, moneyPerMs, agentIds } = situation;
  let sum = 0;
  agentOf.forEach((agent, task) => {
    const learned = money[(kindOf[likeOf[task] ?? task] ?? 0) * agentIds.length + agent] ?? Number.NaN;
    const timeMs = (endMs[task] ?? 0) - (startMs[task] ?? 0);
    sum += Number.isNaN(learned) ? timeMs * (moneyPerMs[agent] ?? 0) : learned;
  });
  return sum;
}

function qualityOf(
  { kindOf, quality, agentIds }: Situation,
  { agentOf }: Execution,
  likeOf: readonly number[],
): number {
  return meanOf(
    Float64Array.from(
      agentOf,
      (agent, task) => quality[(kindOf[likeOf[task] ?? task] ?? 0) * agentIds.length + agent] ?? 1,
    ),
  );
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}

/** Returns a quantile, interpolated between the two nearest values. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at));
}
