/** Places samples of the ring into the requested steps. */
import type { SampledSeries } from "@tutti/telemetry";
import type { Figure } from "./figure.ts";

export interface Steps {
  /** Start of the first step: a multiple of the step, so that the next query has the same steps. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Number of values if it is not set, as many as a chart shows. */
const countByDefault = 360;

/** @param requestedMs requested distance between values. 0: a suitable distance. Never closer than the samples */
export function stepsOf({ fromMs, toMs }: TimeRange, requestedMs: number, sampleMs: number): Steps {
  const suitable = requestedMs > 0 ? requestedMs : (toMs - fromMs) / countByDefault;
  const stepMs = Math.max(1, Math.ceil(suitable / sampleMs)) * sampleMs;
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  return { fromMs: firstMs, stepMs, count: Math.max(1, Math.ceil((toMs - firstMs) / stepMs)) };
}

/** Returns one value per step. Not a number if there is no sample. */
export function toSteps(
  { fromMs, stepMs, values }: Pick<SampledSeries, "fromMs" | "stepMs" | "values">,
  steps: Steps,
  { reduce }: Pick<Figure, "reduce">,
): number[] {
  const samples: number[][] = Array.from({ length: steps.count }, () => []);
  // By index: an iterator took most of a query of 30 days.
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value == null || Number.isNaN(value)) continue;
    samples[Math.floor((fromMs + index * stepMs - steps.fromMs) / steps.stepMs)]?.push(value);
  }
  return samples.map((some) => (some.length === 0 ? Number.NaN : reduce(some, stepMs)));
}

/** Joins several series step by step. Missing values do not count. */
export function joined(
  all: readonly (readonly number[])[],
  reduce: (values: readonly number[]) => number,
): number[] {
  const [first = []] = all;
  return first.map((_, step) => {
    const values = all.flatMap((series) => {
      const value = series[step];
      return value === undefined || Number.isNaN(value) ? [] : [value];
    });
    return values.length === 0 ? Number.NaN : reduce(values);
  });
}
