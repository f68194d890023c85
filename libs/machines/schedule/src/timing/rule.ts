/**
 * The times of one rule. A cron rule is read in local time. The timing decides about clock changes:
 *
 * 1. A time that does not exist fires directly after the gap, or not at all.
 * 2. A time that exists twice fires the first time, the second, or both.
 * 3. By default, a rule for certain hours fires after the gap and at the first of two times. That is exactly once on
 *    such a day too. A rule for every hour keeps its interval: it neither fires twice at the same moment nor skips an hour.
 */
import { DoubleHour, MissingHour, type PlannedRule, type PlannedTiming } from "@tutti/contracts/workflow/v1";
import { type Cron, dayMs, nextLocal, readCron, type Zone, type ZonePeriod } from "@tutti/definitions/timing";

/** Search horizon. The rarest time is 29 February around 2100. */
const sightMs = 12 * 366 * dayMs;

/** Returns the next time after a moment. Undefined if none is found. */
export type NextTimeAfter = (afterMs: number) => number | undefined;

/** Returns the times of a valid rule. */
export function timesOf(rule: PlannedRule, timing: PlannedTiming, zone: Zone): NextTimeAfter {
  const { cron, everyMs, offsetMs, onceMs } = rule;
  if (cron === "") {
    if (everyMs > 0) return (afterMs) => nextInterval(everyMs, offsetMs, afterMs);
    return (afterMs) => (onceMs > afterMs ? onceMs : undefined);
  }
  const read = readCron(cron);
  if (typeof read === "string") return () => undefined;
  const hours = { missing: missingOf(read, timing), double: doubleOf(read, timing) };
  return (afterMs) => nextCron(read, zone, hours, afterMs);
}

type Missing = "after gap" | "skip";
type Double = "first" | "second" | "both";
interface OddHours {
  readonly missing: Missing;
  readonly double: Double;
}

function missingOf({ isEveryHour }: Cron, { missingHour }: PlannedTiming): Missing {
  if (missingHour === MissingHour.MISSING_HOUR_SKIP) return "skip";
  if (missingHour === MissingHour.MISSING_HOUR_AFTER_GAP) return "after gap";
  return isEveryHour ? "skip" : "after gap";
}

function doubleOf({ isEveryHour }: Cron, { doubleHour }: PlannedTiming): Double {
  if (doubleHour === DoubleHour.DOUBLE_HOUR_FIRST) return "first";
  if (doubleHour === DoubleHour.DOUBLE_HOUR_SECOND) return "second";
  if (doubleHour === DoubleHour.DOUBLE_HOUR_BOTH) return "both";
  return isEveryHour ? "both" : "first";
}

function nextInterval(everyMs: number, offsetMs: number, afterMs: number): number {
  const offset = offsetMs % everyMs;
  return (Math.floor((afterMs - offset) / everyMs) + 1) * everyMs + offset;
}

/** Bound of the distance of a clock change from the local time that it repeats. */
const overlapMaxMs = 26 * 3_600_000;

function nextCron(cron: Cron, zone: Zone, hours: OddHours, afterMs: number): number | undefined {
  const endMs = afterMs + sightMs;
  let atMs = (Math.floor(afterMs / 1_000) + 1) * 1_000;
  while (atMs <= endMs) {
    const period = zone.periodAt(atMs);
    if (atMs === period.fromMs && hours.missing === "after gap" && firesInGap(cron, period)) return atMs;
    const found = nextWithin(cron, period, hours.double, atMs);
    if (found.firesMs !== undefined) return found.firesMs;
    if (found.localMs === undefined) return undefined;
    // No time before that local time exists, repeated or not, so the interval is skipped.
    const nearMs = found.localMs - 2 * dayMs;
    atMs = period.toMs > atMs + overlapMaxMs && nearMs > atMs + dayMs ? nearMs : period.toMs;
  }
  return undefined;
}

/** Returns whether a time in the skipped hour before this span matches. */
function firesInGap(cron: Cron, { fromMs, offsetMs, beforeMs }: ZonePeriod): boolean {
  if (offsetMs <= beforeMs) return false;
  const found = nextLocal(cron, fromMs + beforeMs);
  return found !== undefined && found < fromMs + offsetMs;
}

/** Returns the next time within a span. Without one, the next matching local time anywhere. */
function nextWithin(
  cron: Cron,
  { fromMs, toMs, offsetMs, beforeMs, afterMs }: ZonePeriod,
  double: Double,
  atMs: number,
): { readonly firesMs?: number; readonly localMs: number | undefined } {
  const endLocalMs = toMs + offsetMs;
  // Local times before the first bound occurred already. Those from the second bound on occur again.
  const secondBeforeMs =
    double === "first" && offsetMs < beforeMs ? fromMs + beforeMs : Number.NEGATIVE_INFINITY;
  const firstFromMs = double === "second" && afterMs < offsetMs ? toMs + afterMs : Number.POSITIVE_INFINITY;
  const localMs = nextLocal(cron, Math.max(atMs + offsetMs, secondBeforeMs));
  if (localMs === undefined || localMs >= endLocalMs) return { localMs };
  if (localMs >= firstFromMs) return { localMs };
  return { firesMs: localMs - offsetMs, localMs };
}
