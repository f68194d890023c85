import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["write"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("retry-heal"));
  return tutti.execute("retry-heal", {
    id: "write",
    parameters: { capability: "disk.write", heal: "disk.clean", attempts: 3 },
  });
}
