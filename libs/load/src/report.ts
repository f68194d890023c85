/** The report of a load test, for programs. */
import type { Bar, Histogram } from "./histogram.ts";
import type { FailureCount, Recorder, Slice, Summary } from "./recorder.ts";
import type { Scenario } from "./scenario.ts";
import { judge, type Verdict } from "./thresholds.ts";

export interface Report {
  readonly load: string;
  readonly description: string;
  readonly passed: boolean;
  /** Ctrl-C ended the test before its last phase. It does not pass. */
  readonly stopped: boolean;
  readonly durationMs: number;
  readonly measuredMs: number;
  readonly total: SummaryJson;
  readonly items: readonly ({ readonly name: string } & SummaryJson)[];
  readonly thresholds: readonly Verdict[];
  readonly failures: readonly FailureCount[];
  /** Delay of this process with its starts. A high value means that this machine is too slow for the load. */
  readonly lagP99Ms: number;
  readonly slices: readonly Slice[];
}

export interface SummaryJson {
  readonly due: number;
  readonly completed: number;
  readonly errors: number;
  readonly dropped: number;
  readonly errorShare: number;
  readonly endedPerS: number;
  readonly start: LatencyJson;
  readonly run: LatencyJson;
}

export interface LatencyJson {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly bars: readonly Bar[];
}

const barsMax = 40;

export function reportOf({
  scenario,
  recorder,
  stoppedMs,
  wasStopped,
}: {
  readonly scenario: Scenario;
  readonly recorder: Recorder;
  readonly stoppedMs: number;
  readonly wasStopped: boolean;
}): Report {
  const measuredMs = measuredUntil(scenario, stoppedMs);
  const total = recorder.total(measuredMs);
  const items = recorder.items(measuredMs);
  const thresholds = judge(scenario.thresholds, total, items);
  return {
    load: scenario.name,
    description: scenario.description,
    passed: !wasStopped && thresholds.every(({ holds }) => holds),
    stopped: wasStopped,
    durationMs: stoppedMs,
    measuredMs,
    total: summaryJson(total),
    items: [...items].map(([name, summary]) => ({ name, ...summaryJson(summary) })),
    thresholds,
    failures: recorder.failures,
    lagP99Ms: recorder.lag.quantileMs(0.99),
    slices: recorder.slices,
  };
}

/** Returns the elapsed time of measured phases. */
function measuredUntil({ phases }: Scenario, stoppedMs: number): number {
  let [fromMs, measuredMs] = [0, 0];
  for (const { durationMs, isMeasured } of phases) {
    if (isMeasured) measuredMs += Math.max(0, Math.min(durationMs, stoppedMs - fromMs));
    fromMs += durationMs;
  }
  return measuredMs;
}

function summaryJson({ start, run, ...counts }: Summary): SummaryJson {
  return { ...counts, start: latencyJson(start), run: latencyJson(run) };
}

function latencyJson(histogram: Histogram): LatencyJson {
  return {
    count: histogram.count,
    meanMs: histogram.meanMs,
    p50Ms: histogram.quantileMs(0.5),
    p90Ms: histogram.quantileMs(0.9),
    p95Ms: histogram.quantileMs(0.95),
    p99Ms: histogram.quantileMs(0.99),
    p999Ms: histogram.quantileMs(0.999),
    maxMs: histogram.maxMs,
    bars: histogram.bars(barsMax),
  };
}
