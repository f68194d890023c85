/**
 * Decides whether a changed version of work is kept. It gets a share of the new runs, and both versions are compared.
 *
 * 1. Both versions are compared a few times, each time with twice as many runs. There are no decisions in between, so a
 *    trial cannot swing with each run.
 * 2. Harm needs less evidence than a gain: a trial that ends too early costs a trial, but a harmful version costs runs.
 * 3. A change without a gain at the last comparison is rolled back. No change is kept without evidence.
 */
import { chanceOf, chanceOfHits, median, quantile, rankShift, sortedCopy } from "./statistics.ts";

/** Ended runs of a version, since the trial started. */
export interface TrialArm {
  /** Durations of completed runs. */
  readonly runMs: readonly number[];
  readonly failed: number;
  /** For a pool: the number of ended tasks, of which `failed` failed. Times and costs are then means of time spans. */
  readonly ended?: number | undefined;
  /** Costs of all ended runs. */
  readonly money: readonly number[];
}

export interface TrialArmFound {
  readonly runs: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly money: number;
}

export interface TrialJudgement {
  readonly verdict: "wait" | "continue" | "keep" | "take_back";
  readonly finding: string;
  readonly before: TrialArmFound;
  readonly tried: TrialArmFound;
}

export interface TrialOptions {
  /** Number of comparisons so far. */
  readonly looks: number;
  readonly elapsedMs: number;
  /** The change saves something other than time. It is kept if nothing gets worse. */
  readonly isHarmlessEnough?: boolean;
  /** The change helps only slow runs. Its gain is that of the time which a tenth of the runs exceeds. */
  readonly helpsSlowRuns?: boolean;
  /** Name of the compared units, in the plural. */
  readonly unit?: string;
}

/** Ended runs of each version at each comparison. */
export const trialLooks = [20, 40, 80, 160] as const;
export const trialMaxMs = 7 * 86_400_000;

/** Significance levels of each comparison: the probability of such a difference between equal versions. */
const harmChance = 0.02;
const gainChance = 0.004;
/** Level of a hint of harm. A hint is no proof, but it prevents keeping the change. */
const hintChance = 0.1;
/** No version is kept after the first comparison, because rare harm is not visible by then. */
const keepLooksMin = 1;
/** A smaller gain is not worth a version. */
const gainMin = 0.01;
/** A significant increase by this factor is harm. */
const harmMin = 1.02;
/** Many failures at the start end a trial before a full comparison. */
const earlyRunsMin = 5;
const earlyChance = 0.001;
const slowQuantile = 0.9;
/** Returns the number of compared units: runs, or time spans. */
const countOf = ({ runMs, failed, ended }: TrialArm): number =>
  runMs.length + (ended === undefined ? failed : 0);
const endedOf = ({ runMs, failed, ended }: TrialArm): number => ended ?? runMs.length + failed;

export function judgeTrial(
  before: TrialArm,
  tried: TrialArm,
  { looks, elapsedMs, isHarmlessEnough = false, helpsSlowRuns = false, unit = "runs" }: TrialOptions,
): TrialJudgement {
  const found = { before: foundOf(before), tried: foundOf(tried) };
  const judged = (verdict: TrialJudgement["verdict"], finding: string) => ({ verdict, finding, ...found });
  if (endedOf(tried) >= earlyRunsMin && failureChance(before, tried) < earlyChance)
    return judged("take_back", failureText(before, tried, unit));
  const needed = trialLooks[Math.min(looks, trialLooks.length - 1)] ?? 0;
  if (Math.min(countOf(before), countOf(tried)) < needed) {
    if (elapsedMs < trialMaxMs) return judged("wait", "");
    return judged("take_back", `Fewer than ${needed} ${unit} of each version ended within 7 days.`);
  }
  const harm = harmOf(before, tried, harmChance, unit);
  if (harm !== undefined) return judged("take_back", harm);
  const hint = harmOf(before, tried, hintChance, unit);
  const isLast = looks >= trialLooks.length - 1;
  const { gain, chance, name } = helpsSlowRuns ? slowGainOf(before, tried) : usualGainOf(before, tried);
  const gainText = `${name} ${percent(gain)} less in ${countOf(tried)} ${unit}, and nothing got worse.`;
  // The mean counts too, because a faster median with a few very slow runs is no gain.
  const isLess = mean(tried.runMs) < mean(before.runMs);
  const isGain = isLess && gain >= gainMin && chance < gainChance;
  if (isGain && hint === undefined && looks >= keepLooksMin) return judged("keep", gainText);
  if (!isLast) return judged("continue", hint ?? `Nothing got worse in ${countOf(tried)} ${unit}.`);
  if (hint !== undefined) return judged("take_back", hint);
  if (isHarmlessEnough) return judged("keep", `Nothing got worse in ${countOf(tried)} ${unit}.`);
  return judged("take_back", `No gain shown in ${countOf(tried)} ${unit}.`);
}

interface GainFound {
  readonly name: string;
  readonly gain: number;
  /** Probability of such a difference between equal versions. */
  readonly chance: number;
}

function usualGainOf(before: TrialArm, tried: TrialArm): GainFound {
  const shift = rankShift(before.runMs, tried.runMs);
  const gain = 1 - median(tried.runMs) / median(before.runMs);
  return { name: "Median time", gain, chance: shift < 0 ? chanceOf(shift) / 2 : 1 };
}

/**
 * Tests the slowest tenth of both versions. Equal versions would have equal shares of it, and a gain is a smaller
 * share.
 */
function slowGainOf(before: TrialArm, tried: TrialArm): GainFound {
  const [usual, changed] = [sortedCopy(before.runMs), sortedCopy(tried.runMs)];
  const all = sortedCopy([...usual, ...changed]);
  const limit = quantile(all, slowQuantile);
  const marked = all.filter((ms) => ms > limit).length;
  const hits = usual.filter((ms) => ms > limit).length;
  const gain = 1 - quantile(changed, slowQuantile) / quantile(usual, slowQuantile);
  return { name: "p90 of the time", gain, chance: chanceOfHits(hits, usual.length, marked, all.length) };
}

/** Returns the harm as a sentence. Undefined without harm. */
function harmOf(before: TrialArm, tried: TrialArm, chance: number, unit: string): string | undefined {
  if (failureChance(before, tried) < chance) return failureText(before, tried, unit);
  const [usual, slow] = [sortedCopy(before.runMs), sortedCopy(tried.runMs)];
  if (isMore(usual, slow, chance))
    return `Median time ${percent(quantile(slow, 0.5) / quantile(usual, 0.5) - 1)} more in ${tried.runMs.length} ${unit}.`;
  // The median may hide a tail. Equal versions would have equal shares of the slowest tenth of both.
  const all = sortedCopy([...usual, ...slow]);
  const limit = quantile(all, 0.9);
  const marked = all.filter((ms) => ms > limit).length;
  const hits = slow.filter((ms) => ms > limit).length;
  if (
    quantile(slow, 0.9) > quantile(usual, 0.9) * harmMin &&
    chanceOfHits(hits, slow.length, marked, all.length) < chance
  )
    return `${hits} of ${slow.length} ${unit} are among the slowest tenth of both versions.`;
  if (isMore(before.money, tried.money, chance))
    return `${tried.ended === undefined ? "A run" : "A task"} costs ${mean(tried.money).toPrecision(3)} in place of ${mean(before.money).toPrecision(3)}.`;
  return undefined;
}

function isMore(before: readonly number[], tried: readonly number[], chance: number): boolean {
  const shift = rankShift(before, tried);
  return shift > 0 && chanceOf(shift) / 2 < chance && median(tried) > median(before) * harmMin;
}

function failureChance(before: TrialArm, tried: TrialArm): number {
  const failed = before.failed + tried.failed;
  return failed === 0
    ? 1
    : chanceOfHits(tried.failed, endedOf(tried), failed, endedOf(before) + endedOf(tried));
}

function failureText(before: TrialArm, tried: TrialArm, unit: string): string {
  return `${tried.failed} of ${endedOf(tried)} ${tried.ended === undefined ? unit : "tasks"} failed, before ${before.failed} of ${endedOf(before)}.`;
}

function foundOf(arm: TrialArm): TrialArmFound {
  const sorted = sortedCopy(arm.runMs);
  const at = (share: number) => (sorted.length === 0 ? 0 : quantile(sorted, share));
  return { runs: countOf(arm), failed: arm.failed, p50Ms: at(0.5), p90Ms: at(0.9), money: mean(arm.money) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
}
