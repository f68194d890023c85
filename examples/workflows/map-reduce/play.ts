import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["words"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("map-reduce"));
  return tutti.execute("map-reduce", {
    id: "words",
    parameters: { map: "words.count", reduce: "words.add" },
    input: { parts: ["row row row", "your boat", "row on"] },
  });
}
