import type { ScheduleTiming, ScheduleTimingInput } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { usageFailure } from "../command/failure.ts";
import { printSpanMs } from "../terminal/time.ts";

/** When, as `--cron`, `--every` and `--time-zone` say. */
export function timingSaid({ values }: Pick<Context, "values">): ScheduleTimingInput {
  const everyMs = values.durationMs("every");
  const timeZone = values.text("time-zone");
  const rules = [
    ...values.texts("cron").map((cron) => ({ cron })),
    ...(everyMs === undefined ? [] : [{ interval: { everyMs } }]),
  ];
  if (rules.length === 0)
    throw usageFailure("Set --cron or --every.", [
      "--cron '0 3 * * *' starts at 3:00 each night, --every 30s every 30 seconds.",
    ]);
  return { rules, ...(timeZone === undefined ? {} : { timeZone }) };
}

/** `0 3 * * *  Europe/Zurich`, `every 30 s`. */
export function printTiming(timing: ScheduleTiming | undefined): string {
  if (timing === undefined) return "";
  const rules = timing.rules.map(({ cron, interval, onceMs }) => {
    if (cron !== undefined && cron !== "") return cron;
    if (interval?.everyMs !== undefined) return `every ${printSpanMs(interval.everyMs)}`;
    return onceMs === undefined ? "" : `once, ${new Date(onceMs).toISOString()}`;
  });
  return [rules.join(" and "), timing.timeZone ?? ""].filter((part) => part !== "").join("  ");
}
