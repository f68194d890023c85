import type { AlertRule } from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";
import { burnReads } from "./objective.ts";

const everyDefaultMs = 10_000;
const windowDefaultMs = 60_000;
/** Series have a value every 10 s: more frequent evaluations find nothing new. */
const everyMinMs = 1_000;
const slotMs = 10_000;
const minuteMs = 60_000;
/** Longer windows have one value per minute. */
const fineWindowMs = 2 * 3_600_000;

type Timed = Pick<ReadOnly<AlertRule>, "everyMs" | "windowMs" | "objective">;

/** Returns the evaluation interval of a rule. */
export function everyMsOf({ everyMs, objective }: Omit<Timed, "windowMs">): number {
  if (everyMs !== 0) return Math.max(everyMinMs, everyMs);
  return objective === undefined ? everyDefaultMs : minuteMs;
}

/** Returns the window of the queries of a rule. */
export function windowMsOf({ windowMs, objective }: Omit<Timed, "everyMs">): number {
  if (windowMs !== 0) return windowMs;
  return objective === undefined ? windowDefaultMs : burnReads[0].windowMs;
}

/** Returns the reads of each query of a rule, finer steps first. */
export function readsOf(
  rule: Omit<Timed, "everyMs">,
): readonly { readonly windowMs: number; readonly stepMs: number }[] {
  const windowMs = windowMsOf(rule);
  const own = { windowMs, stepMs: windowMs > fineWindowMs ? minuteMs : slotMs };
  if (rule.objective === undefined) return [own];
  return rule.windowMs === 0 ? burnReads : [own, ...burnReads];
}
