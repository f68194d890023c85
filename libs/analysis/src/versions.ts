/** Finds new versions of a definition that fail more often or take longer than the previous version. */
import type { WorkFact } from "./facts.ts";
import { chanceOf, chanceOfHits, median, rankShift } from "./statistics.ts";

export interface Regression {
  readonly definition: string;
  readonly version: string;
  readonly before: string;
  readonly what: "failures" | "duration";
  /** Share of failures, or median of the durations in milliseconds. */
  readonly was: number;
  readonly is: number;
  readonly chance: number;
  readonly startMs: number;
  readonly works: number;
  readonly examples: readonly string[];
}

const worksMin = 10;
const slowerMin = 1.2;
const failuresMoreMin = 0.05;
const falseAlarms = 0.001;
const examplesMax = 10;

export function regressionsOf(works: readonly WorkFact[]): Regression[] {
  const byDefinition = Map.groupBy(
    works.filter(({ definition, version, endedMs }) => definition !== "" && version !== "" && endedMs > 0),
    ({ definition }) => definition,
  );
  return [...byDefinition.values()].flatMap((list) => {
    const versions = [...Map.groupBy(list, ({ version }) => version).values()]
      .filter(({ length }) => length >= worksMin)
      .sort((one, other) => firstMs(one) - firstMs(other));
    return versions.flatMap((after, place) => {
      const before = versions[place - 1];
      return before === undefined ? [] : compared(before, after);
    });
  });
}

function compared(before: readonly WorkFact[], after: readonly WorkFact[]): Regression[] {
  const found: Regression[] = [];
  const [{ definition, version } = after[0] as WorkFact] = after;
  const about = { definition, version, before: before[0]?.version ?? "", startMs: firstMs(after) };
  const failed = ({ status }: WorkFact) => status === "failed";
  const [failedBefore, failedAfter] = [before.filter(failed), after.filter(failed)];
  const [was, is] = [failedBefore.length / before.length, failedAfter.length / after.length];
  const marked = failedBefore.length + failedAfter.length;
  const chance = chanceOfHits(failedAfter.length, after.length, marked, before.length + after.length);
  if (is - was >= failuresMoreMin && chance < falseAlarms)
    found.push({ ...about, what: "failures", was, is, chance, ...sizeOf(failedAfter) });
  const completed = (list: readonly WorkFact[]) => list.filter(({ status }) => status === "completed");
  const [durationsBefore, durationsAfter] = [completed(before), completed(after)].map((list) =>
    list.map(({ startedMs, endedMs }) => endedMs - startedMs),
  ) as [number[], number[]];
  if (Math.min(durationsBefore.length, durationsAfter.length) < worksMin) return found;
  const shift = rankShift(durationsBefore, durationsAfter);
  const [middleBefore, middleAfter] = [median(durationsBefore), median(durationsAfter)];
  if (shift > 0 && chanceOf(shift) < falseAlarms && middleAfter >= slowerMin * middleBefore)
    found.push({
      ...about,
      what: "duration",
      was: middleBefore,
      is: middleAfter,
      chance: chanceOf(shift),
      ...sizeOf(completed(after).toSorted((one, other) => durationOf(other) - durationOf(one))),
    });
  return found;
}

function durationOf({ startedMs, endedMs }: WorkFact): number {
  return endedMs - startedMs;
}

function sizeOf(works: readonly WorkFact[]): { works: number; examples: string[] } {
  return { works: works.length, examples: works.slice(0, examplesMax).map(({ id }) => id) };
}

function firstMs(works: readonly WorkFact[]): number {
  return works.reduce((first, { createdMs }) => Math.min(first, createdMs), Number.POSITIVE_INFINITY);
}
