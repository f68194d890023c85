import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["dinner"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("spawn"));
  return tutti.execute("spawn", {
    id: "dinner",
    parameters: { planner: "dinner.plan" },
    input: { dishes: ["soup", "pie"] },
  });
}
