import type { Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";

export const runs = ["how-old"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("team", "inquiry.yaml"));
  await tutti.workflows.register(source("team"));
  const run = await tutti.run("team", {
    id: "how-old",
    parameters: { write: "report.compose" },
    input: { question: "How old do oaks get?" },
  });
  const report = await run.result();
  // The mission has its own id, state and result.
  const { tasks } = await tutti.missions.get("how-old..look..0").get();
  return { report, done: tasks?.completed };
}
