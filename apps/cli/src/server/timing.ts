import type { ScheduleTiming, ScheduleTimingInput } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { Failure, usageFailure } from "../command/failure.ts";
import { printDurationMs } from "../terminal/time.ts";

/** Returns the timing of `--cron`, `--every` and `--time-zone`. */
export function timingFromOptions({ values }: Pick<Context, "values">): ScheduleTimingInput {
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

/** Makes a call with the timing of the options. If the timing is wrong, the error names the option. */
export async function withTiming<T>({ values }: Pick<Context, "values">, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const crons = values.texts("cron").length;
    const named = error.message
      .replace(/^rules\[(\d+)\]: /, (_, number) => `${Number(number) < crons ? "--cron" : "--every"}: `)
      .replace(/^expected a time zone/, "--time-zone: $&")
      .replace(" Correct the schedule.", "");
    throw new Failure(named, error);
  }
}

/** Returns a timing as text: `0 3 * * *  Europe/Zurich`, `every 30 s`. */
export function printTiming(timing: ScheduleTiming | undefined): string {
  if (timing === undefined) return "";
  const rules = timing.rules.map(({ cron, interval, onceMs }) => {
    if (cron !== undefined && cron !== "") return cron;
    if (interval?.everyMs !== undefined) return `every ${printDurationMs(interval.everyMs)}`;
    return onceMs === undefined ? "" : `once, ${new Date(onceMs).toISOString()}`;
  });
  return [rules.join(" and "), timing.timeZone ?? ""].filter((part) => part !== "").join("  ");
}
