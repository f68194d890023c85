import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["render"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("poll-until"));
  return tutti.execute("poll-until", {
    id: "render",
    parameters: { capability: "render.status" },
    input: "film-7",
  });
}
