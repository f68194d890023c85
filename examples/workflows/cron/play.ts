import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["report-by-hand"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("cron"));
  const schedule = await tutti.schedules.create("nightly", "cron", {
    parameters: { capability: "sales.report" },
    cron: "30 2 * * *", // six fields: seconds first
    timeZone: "Europe/Zurich", // 02:30 is missing on one day of the year, and occurs twice on another
    overlap: "skip", // if the previous run has not ended
    catchUpMs: 3_600_000, // after an outage, starts a missed run up to an hour late
  });
  const { nextTimes } = await schedule.get();
  // Triggers the schedule now instead of waiting for the night.
  const { runId } = await schedule.trigger("to see whether it works");
  const output = await tutti.runs.get(runId).result();
  await schedule.pause("until Monday");
  const { paused, startedCount } = await schedule.get();
  // A manual run uses the same definition, without a schedule.
  const byHand = await tutti.execute("cron", {
    id: "report-by-hand",
    parameters: { capability: "sales.report" },
  });
  return { byHand, times: nextTimes.length, output, paused, startedCount };
}
