import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";
import { sentAtMs } from "./worker.ts";

export const runs = ["prize"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("embargo"));
  sentAtMs.length = 0;
  const startTime = new Date(Date.now() + 6_000);
  const at = new Date(startTime.getTime() + 6_000);
  const output = await tutti.execute("embargo", {
    id: "prize",
    startTime, // the run exists immediately, and starts at this time
    parameters: { send: "press.send" },
    input: { text: "who has won", at },
  });
  return { output, pages: sentAtMs.length, early: sentAtMs.some((ms) => ms < at.getTime()) };
}
