import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["pictures"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("fan-out"));
  return tutti.execute("fan-out", {
    id: "pictures",
    parameters: { capability: "picture.shrink", maxParallel: 3 },
    input: { items: ["sunrise", "noon", "sunset", "night"] },
  });
}
