/**
 * Forecasts of load, from the recorded placements of pools. Estimates have a sample of attempts, from which no
 * load follows.
 */
import { type factService, QueryFactsRequest } from "@tutti/contracts/insight/v1";
import { type ForecastRequest, ForecastSeries, type ForecastSubject } from "@tutti/contracts/intelligence/v1";
import { toTimestamp } from "@tutti/kernel";
import { adviceErrors } from "@tutti/machine-entities/advice";
import type { Client } from "@tutti/mesh";
import { SeasonalForecast } from "@tutti/planner";
import type { Caller } from "./workflows.ts";

export interface ForecastParts {
  readonly facts: Pick<Client<typeof factService>, "queryFacts">;
  /** Returns whether a process records placements. Without it, no load is known. */
  readonly isServed: () => boolean;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;
const valuesMax = 10_000;
const pastMax = 10_000;

/** Ended attempts of a step in the past. 0 is the step that ends now. */
type LoadRow = readonly [stepsAgo: number, attempts: number, heldMs: number, money: number];

const measures = new Map<string, (row: LoadRow, stepMs: number) => number>(
  Object.entries({
    starts_per_sec: ([, attempts], stepMs) => (attempts * 1_000) / stepMs,
    busy_slots: ([, , heldMs], stepMs) => heldMs / stepMs,
    money_per_ms: ([, , , money], stepMs) => money / stepMs,
  }),
);

export async function forecastsOf(
  parts: ForecastParts,
  caller: Caller,
  {
    subjects,
    horizonMs,
    stepMs: requestedStepMs,
  }: Pick<ForecastRequest, "subjects" | "horizonMs" | "stepMs">,
  nowMs: number,
): Promise<ForecastSeries[]> {
  const stepMs = Math.max(1_000, requestedStepMs || minuteMs);
  const steps = Math.ceil((horizonMs || hourMs) / stepMs);
  if (steps * subjects.length > valuesMax)
    throw adviceErrors.invalid({
      problem: `expected at most ${valuesMax} values, got ${steps * subjects.length}`,
    });
  const series: ForecastSeries[] = [];
  for (const subject of subjects) {
    if (!measures.has(subject.measure)) {
      const known = [...measures.keys()].join("`, `");
      throw adviceErrors.invalid({
        problem: `\`measure\`: expected \`${known}\`, got \`${subject.measure}\``,
      });
    }
    const rows = parts.isServed() ? await loadOf(parts, caller, subject, { stepMs, nowMs }) : [];
    series.push(forecastOf(rows, subject, { stepMs, steps, nowMs }));
  }
  return series;
}

async function loadOf(
  { facts }: ForecastParts,
  { namespace, context }: Caller,
  { pool, capability }: ForecastSubject,
  { stepMs, nowMs }: { readonly stepMs: number; readonly nowMs: number },
): Promise<readonly LoadRow[]> {
  const from = new Date(nowMs - pastMax * stepMs).toISOString().slice(0, 23).replace("T", " ");
  const conditions = [
    "status <> 'busy'",
    `ended >= '${from}'`,
    ...(pool === "" ? [] : [`pool = ${literal(pool)}`]),
    ...(capability === "" ? [] : [`uses = ${literal(capability)}`]),
  ];
  const sql = `SELECT CAST((${nowMs} - ready_at - wait_ms - held_ms) / ${stepMs} AS INTEGER) AS steps_ago, count(*), sum(held_ms), sum(money)
    FROM placements WHERE ${conditions.join(" AND ")} GROUP BY steps_ago`;
  const request = QueryFactsRequest.fromPartial({ namespace, sql, rowsMax: pastMax });
  const { rows } = await facts.queryFacts(request, context && { context });
  const body = rows?.body?.$case === "inline" ? rows.body.value : undefined;
  // The cast: columns of the statement.
  return body === undefined ? [] : (JSON.parse(Buffer.from(body).toString()) as LoadRow[]);
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function forecastOf(
  rows: readonly LoadRow[],
  subject: ForecastSubject,
  { stepMs, steps, nowMs }: { readonly stepMs: number; readonly steps: number; readonly nowMs: number },
): ForecastSeries {
  const past = valuesOf(rows, subject.measure, stepMs);
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
function valuesOf(rows: readonly LoadRow[], measure: string, stepMs: number): readonly number[] {
  const values = new Array<number>(
    Math.max(0, ...rows.map(([stepsAgo]) => Math.min(pastMax, stepsAgo + 1))),
  ).fill(0);
  for (const row of rows) {
    const at = values.length - 1 - row[0];
    if (at >= 0 && at < values.length) values[at] = measures.get(measure)?.(row, stepMs) ?? 0;
  }
  return values;
}
