import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";
import { presses } from "./worker.ts";

export const runs = ["oaks"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("four-eyes"));
  presses.busyMax = 0;
  const output = await tutti.execute("four-eyes", {
    id: "oaks",
    input: { about: "oaks", copies: [1, 2, 3, 4, 5, 6] },
  });
  return { output, pressesBusy: presses.busyMax };
}
