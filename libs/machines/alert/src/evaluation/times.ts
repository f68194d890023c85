import type { AlertRule } from "@tutti/contracts/insight/v1";

const everyDefaultMs = 10_000;
const windowDefaultMs = 60_000;
/** Series have a value each 10 s: rules that are evaluated more often see nothing new. */
const everyMinMs = 1_000;

/** How often a rule is evaluated. */
export function everyMsOf({ everyMs }: Pick<AlertRule, "everyMs">): number {
  return everyMs === 0 ? everyDefaultMs : Math.max(everyMinMs, everyMs);
}

/** How far back the queries of a rule look. */
export function windowMsOf({ windowMs }: Pick<AlertRule, "windowMs">): number {
  return windowMs === 0 ? windowDefaultMs : windowMs;
}
