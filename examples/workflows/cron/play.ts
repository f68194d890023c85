import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["report-by-hand"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("cron"));
  const schedule = await tutti.schedules.create("nightly", "cron", {
    parameters: { capability: "sales.report" },
    cron: "30 2 * * *", // with seconds first if there are six fields
    timeZone: "Europe/Zurich", // half past two is missing once a year, and comes twice once
    overlap: "skip", // when the last one has not ended
    catchUpMs: 3_600_000, // started up to an hour late, when nobody was there in time
  });
  const { nextTimes } = await schedule.get();
  // Not waiting for the night.
  const { runId } = await schedule.trigger("to see whether it works");
  const output = await tutti.runs.get(runId).result();
  await schedule.pause("until Monday");
  const { paused, startedCount } = await schedule.get();
  // By hand it is the same definition, without a schedule.
  const byHand = await tutti.execute("cron", {
    id: "report-by-hand",
    parameters: { capability: "sales.report" },
  });
  return { byHand, times: nextTimes.length, output, paused, startedCount };
}
