import type { Refusal } from "@tutti/kernel";
import type { PoolSettings } from "./api/pool.ts";
import { namespacesMax } from "./bounds.ts";
import { matchingErrors } from "./errors.ts";
import { leastLoaded } from "./strategies/strategies.ts";

export const defaultSettings: PoolSettings = {
  strategy: leastLoaded,
  weights: {},
  ageingMs: 60_000,
  dueLeadMs: 600_000,
  queuedMax: 100_000,
  agentsMax: 10_000,
  window: 1_024,
  paused: false,
  pauseReason: "",
  awaits: [],
  slowStart: undefined,
  admits: undefined,
  adaptiveConcurrency: true,
  breakAfterFailures: 10,
  preemption: { priorityDifference: 0, graceMs: 5_000, spareAfterMs: 0 },
  doubling: { enabled: true, quantile: 0.95, maxShare: 0.1 },
  heartbeatMs: 5_000,
  suspicionThreshold: 8,
  suspectMs: 12_500,
  leaseMs: 15_000,
  resumeWindowMs: 4_000,
  sleepAfterMs: 0,
  stickyMs: 5_000,
  gangHoldMs: 30_000,
  graceMs: 5_000,
  claimMs: 30_000,
  orphanMs: 600_000,
};

const numbers: Readonly<
  Record<
    Exclude<
      keyof PoolSettings,
      | "strategy"
      | "weights"
      | "paused"
      | "pauseReason"
      | "awaits"
      | "slowStart"
      | "admits"
      | "adaptiveConcurrency"
      | "doubling"
      | "preemption"
    >,
    readonly [number, number]
  >
> = {
  ageingMs: [1, 86_400_000],
  dueLeadMs: [0, 86_400_000],
  queuedMax: [1, 10_000_000],
  agentsMax: [1, 1_000_000],
  breakAfterFailures: [1, 1_000_000_000],
  window: [1, 1_000_000],
  heartbeatMs: [100, 600_000],
  suspicionThreshold: [0.5, 16],
  suspectMs: [100, 3_600_000],
  leaseMs: [100, 86_400_000],
  resumeWindowMs: [0, 86_400_000],
  sleepAfterMs: [0, 604_800_000],
  stickyMs: [0, 3_600_000],
  gangHoldMs: [0, 3_600_000],
  graceMs: [0, 3_600_000],
  claimMs: [0, 3_600_000],
  orphanMs: [1_000, 604_800_000],
};

/** The settings of a pool as they are now. They change as a whole. */
export class LiveSettings {
  current: PoolSettings;

  constructor(settings: PoolSettings) {
    this.current = settings;
  }

  /** Returns the weight of a namespace. Default: 1. */
  weightOf(namespace: string): number {
    return this.current.weights[namespace] ?? 1;
  }

  /** Whether the pool assigns nothing now. */
  get isStill(): boolean {
    return isStill(this.current);
  }
}

/** Returns whether a pool with these settings assigns nothing. */
export function isStill({ paused, awaits }: Pick<PoolSettings, "paused" | "awaits">): boolean {
  return paused || awaits.length > 0;
}

/** Returns the settings with changes, or their problem. */
export function resolveSettings(
  before: PoolSettings,
  changes: Partial<PoolSettings>,
): PoolSettings | Refusal {
  const settings = { ...before, ...changes };
  for (const [name, [min, max]] of Object.entries(numbers)) {
    const value = settings[name as keyof typeof numbers];
    if (!(value >= min && value <= max)) return invalid(`${name}: expected ${min} to ${max}, got ${value}`);
  }
  const { heartbeatMs, suspectMs, leaseMs, weights } = settings;
  if (!(heartbeatMs < suspectMs && suspectMs < leaseMs))
    return invalid(
      `expected heartbeatMs < suspectMs < leaseMs, because an agent becomes suspect after missed heartbeats and lost when its lease ends, got ${heartbeatMs}, ${suspectMs}, ${leaseMs}`,
    );
  const { quantile, maxShare } = settings.doubling;
  if (!(quantile > 0 && quantile < 1 && maxShare >= 0 && maxShare <= 1))
    return invalid(
      `doubling: expected a quantile between 0 and 1 and a share from 0 to 1, got ${quantile} and ${maxShare}`,
    );
  const { priorityDifference, graceMs, spareAfterMs } = settings.preemption;
  if (!(priorityDifference >= 0 && graceMs >= 0 && spareAfterMs >= 0))
    return invalid("preemption: expected a difference and times of 0 or more");
  const weighted = Object.entries(weights);
  if (weighted.length > namespacesMax) return invalid(`expected at most ${namespacesMax} weights`);
  for (const [namespace, weight] of weighted)
    if (!(weight > 0 && weight <= 1e6))
      return invalid(`weight of ${namespace}: expected above 0, at most 1,000,000, got ${weight}`);
  return settings;
}

function invalid(problem: string): Refusal {
  return matchingErrors.settingsInvalid.refusal({ problem });
}
