/**
 * Bounds by the clock. A time is within a window if the window's next end comes before its next start. So no
 * state is needed: a scaler that is created or moved at night knows that it is night.
 */
import type { ScalingWindow } from "@tutti/contracts/swarm/v1";
import { PlannedTiming } from "@tutti/contracts/workflow/v1";
import { previewTimes, timingProblem } from "@tutti/machine-schedule";
import type { ScalingRules } from "./rules.ts";

export interface Bounds {
  readonly minAgents: number;
  readonly maxAgents: number;
  /** True if all agents sleep, except one if tasks arrive. */
  readonly isNight: boolean;
}

/** Returns the problem of a window as a text, or undefined. */
export function windowProblem({
  begin,
  end,
  timeZone,
  minAgents,
  maxAgents,
}: ScalingWindow): string | undefined {
  const problem = timingProblem(timingOf(begin, timeZone)) ?? timingProblem(timingOf(end, timeZone));
  if (problem !== undefined) return problem;
  return minAgents > maxAgents
    ? `\`maxAgents\` (${maxAgents}) must be at least \`minAgents\` (${minAgents})`
    : undefined;
}

/** The windows of one scaler. The cron rules are evaluated once per stretch of time. */
export class ScalingWindows {
  readonly #stretches: Stretch[];

  constructor(windows: readonly ScalingWindow[]) {
    this.#stretches = windows.map((window) => ({ window, fromMs: 0, untilMs: 0, isWithin: false }));
  }

  boundsAt(rules: ScalingRules, nowMs: number): Bounds {
    let { minAgents, maxAgents } = rules;
    for (const stretch of this.#stretches) {
      if (nowMs < stretch.fromMs || nowMs >= stretch.untilMs) update(stretch, nowMs);
      if (stretch.isWithin) ({ minAgents, maxAgents } = stretch.window);
    }
    const isNight = maxAgents === 0;
    return { minAgents: Math.min(minAgents, maxAgents), maxAgents: isNight ? 1 : maxAgents, isNight };
  }
}

/** A time during which a window is on, or off. */
interface Stretch {
  readonly window: ScalingWindow;
  fromMs: number;
  untilMs: number;
  isWithin: boolean;
}

function update(stretch: Stretch, nowMs: number): void {
  const { begin, end, timeZone } = stretch.window;
  const startMs = next(begin, timeZone, nowMs);
  const endMs = next(end, timeZone, nowMs);
  stretch.fromMs = nowMs;
  stretch.untilMs = Math.min(startMs, endMs);
  stretch.isWithin = endMs < startMs;
}

function next(cron: string, timeZone: string, nowMs: number): number {
  return previewTimes(timingOf(cron, timeZone), Math.floor(nowMs), 1)[0] ?? Number.POSITIVE_INFINITY;
}

function timingOf(cron: string, timeZone: string): PlannedTiming {
  return PlannedTiming.fromPartial({ rules: [{ cron }], timeZone });
}
