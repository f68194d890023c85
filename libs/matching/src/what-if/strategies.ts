/**
 * The results of other strategies over the same time. All are compared with a replay of the past, not with
 * the past itself, so an error of the replay is in both.
 */
import { quantile, sortedCopy } from "@tutti/analysis";
import { prepareReplay } from "./prepare.ts";
import type { Placed, Recording } from "./recording.ts";
import { type ReplayPolicy, replay } from "./replay.ts";
import { countedOf, type Goals, meanTimeOf, type PoolReport, rangeOf, reportOf } from "./report.ts";
import { checkOf, type SelfCheck } from "./what-if.ts";

export interface StrategyReplayed {
  /** With its weights, if it has any: `auction(load=2)`. */
  readonly strategy: string;
  readonly report: PoolReport;
  /** Reduction of the time from the first queueing to the end, as a share: 0.2 is a fifth less. */
  readonly gain: number;
  /** Over the parts of the time: the gain that one of ten, and nine of ten, do not exceed. */
  readonly gainLow: number;
  readonly gainHigh: number;
}

export interface StrategiesFound {
  readonly check: SelfCheck;
  readonly past: PoolReport;
  /** The replay of the past. Undefined if the self-check failed. */
  readonly same: PoolReport | undefined;
  /** The largest gain first. Empty if the self-check failed. */
  readonly strategies: readonly StrategyReplayed[];
}

export interface StrategiesQuery {
  readonly recording: Recording;
  readonly policy: ReplayPolicy;
  readonly others: readonly { readonly strategy: string; readonly policy: ReplayPolicy }[];
  readonly goals: Goals;
}

/** Parts of the recorded time: each gives a gain, and these give the interval. */
const partsMax = 12;
const tasksOfPartMin = 5;

export function compareStrategies({ recording, policy, others, goals }: StrategiesQuery): StrategiesFound {
  const prepared = prepareReplay(recording);
  const { agents } = recording;
  const past = reportOf(recording.attempts, agents, goals);
  const asItWas = replay(prepared, agents, policy);
  const check = checkOf(recording, prepared, asItWas);
  if (!check.isGood) return { check, past, same: undefined, strategies: [] };
  const before = countedOf(asItWas.placed);
  const usualMs = meanTimeOf(before);
  const strategies = others.map(({ strategy, policy: other }): StrategyReplayed => {
    const { placed, unserved } = replay(prepared, agents, other);
    const gains = gainsOfParts(before, countedOf(placed));
    return {
      strategy,
      report: reportOf(placed, agents, goals, unserved.length),
      gain: usualMs === 0 ? 0 : 1 - meanTimeOf(countedOf(placed)) / usualMs,
      gainLow: quantile(gains, 0.1) || 0,
      gainHigh: quantile(gains, 0.9) || 0,
    };
  });
  return {
    check,
    past,
    same: reportOf(asItWas.placed, agents, goals, asItWas.unserved.length),
    strategies: strategies.toSorted((one, other) => other.gain - one.gain),
  };
}

function gainsOfParts(before: readonly Placed[], after: readonly Placed[]): number[] {
  const [fromMs, toMs] = rangeOf(before);
  const partOf = ({ readyMs }: Placed) =>
    Math.min(partsMax - 1, Math.floor(((readyMs - fromMs) / Math.max(1, toMs - fromMs)) * partsMax));
  const [was, is] = [Map.groupBy(before, partOf), Map.groupBy(after, partOf)];
  return sortedCopy(
    [...was].flatMap(([part, tasks]) => {
      const other = is.get(part) ?? [];
      const usualMs = meanTimeOf(tasks);
      if (Math.min(tasks.length, other.length) < tasksOfPartMin || usualMs === 0) return [];
      return [1 - meanTimeOf(other) / usualMs];
    }),
  );
}
