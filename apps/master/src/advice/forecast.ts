/** Forecasts of load, from the ends of attempts that estimates also use. */
import {
  type ForecastRequest,
  ForecastSeries,
  type ForecastSubject,
  type LearnedOutcome,
} from "@tutti/contracts/intelligence/v1";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import { adviceErrors } from "@tutti/machine-entities/advice";
import { SeasonalForecast } from "@tutti/planner";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;
const valuesMax = 10_000;
/** Attempts without a pool belong to this one. */
const defaultPool = "default";
const pastMax = 10_000;

type Amount = (outcome: ReadOnly<LearnedOutcome>, stepMs: number) => number;

/** The contribution of an ended attempt to the value of its step. */
const measures = new Map<string, Amount>(
  Object.entries({
    starts_per_sec: (_, stepMs) => 1_000 / stepMs,
    busy_slots: ({ runMs }, stepMs) => runMs / stepMs,
    money_per_ms: ({ money }, stepMs) => money / stepMs,
  }),
);

export function forecastsOf(
  outcomes: readonly ReadOnly<LearnedOutcome>[],
  { subjects, horizonMs, stepMs: requestedStepMs }: ForecastRequest,
  nowMs: number,
): ForecastSeries[] {
  const stepMs = Math.max(1_000, requestedStepMs || minuteMs);
  const steps = Math.ceil((horizonMs || hourMs) / stepMs);
  if (steps * subjects.length > valuesMax)
    throw adviceErrors.invalid({
      problem: `expected at most ${valuesMax} values, got ${steps * subjects.length}`,
    });
  return subjects.map((subject) => forecastOf(outcomes, subject, { stepMs, steps, nowMs }));
}

function forecastOf(
  outcomes: readonly ReadOnly<LearnedOutcome>[],
  subject: ForecastSubject,
  { stepMs, steps, nowMs }: { readonly stepMs: number; readonly steps: number; readonly nowMs: number },
): ForecastSeries {
  const amountOf = measures.get(subject.measure);
  if (amountOf === undefined) {
    const known = [...measures.keys()].join("`, `");
    throw adviceErrors.invalid({ problem: `\`measure\`: expected \`${known}\`, got \`${subject.measure}\`` });
  }
  const matching = outcomes.filter(
    ({ pool, capability }) =>
      (subject.pool === "" || subject.pool === (pool || defaultPool)) &&
      (subject.capability === "" || subject.capability === capability),
  );
  const past = valuesOf(matching, (outcome) => amountOf(outcome, stepMs), stepMs, nowMs);
  const forecast = new SeasonalForecast({ season: Math.round(dayMs / stepMs) });
  let [off, total] = [0, 0];
  const yesterday = past.length - dayMs / stepMs;
  past.forEach((value, at) => {
    if (at >= yesterday) {
      off += Math.abs((forecast.ahead(1)[0]?.expected ?? 0) - value);
      total += value;
    }
    forecast.add(value);
  });
  const ahead = past.length === 0 ? [] : forecast.ahead(steps);
  return ForecastSeries.fromPartial({
    subject,
    stepMs,
    startTime: toTimestamp(nowMs),
    error: total === 0 ? 0 : off / total,
    expected: ahead.map(({ expected }) => expected),
    low: ahead.map(({ low }) => low),
    high: ahead.map(({ high }) => high),
    periodsMs: past.length >= (2 * dayMs) / stepMs ? [dayMs] : [],
  });
}

/** Returns values of past steps, from the first one with an attempt. */
function valuesOf(
  outcomes: readonly ReadOnly<LearnedOutcome>[],
  amountOf: (outcome: ReadOnly<LearnedOutcome>) => number,
  stepMs: number,
  nowMs: number,
): readonly number[] {
  const firstMs = Math.min(...outcomes.map(({ endMs }) => endMs));
  if (!Number.isFinite(firstMs)) return [];
  const count = Math.min(pastMax, Math.max(0, Math.ceil((nowMs - firstMs) / stepMs)));
  const values = new Array<number>(count).fill(0);
  for (const outcome of outcomes) {
    const at = count - 1 - Math.floor((nowMs - outcome.endMs) / stepMs);
    if (at >= 0 && at < count) values[at] = (values[at] ?? 0) + amountOf(outcome);
  }
  return values;
}
