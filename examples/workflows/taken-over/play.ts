import { TaskStatus } from "@tutti/contracts/types/v1";
import type { RunHandle, Tutti } from "@tutti/sdk/client";
import { source } from "../source.ts";
import { pen } from "./worker.ts";

export const runs = ["report-1"];

export async function play(tutti: Tutti): Promise<unknown> {
  await tutti.workflows.register(source("taken-over"));
  pen.isBroken = true;
  const run = await tutti.run("taken-over", {
    id: "report-1",
    parameters: { gather: "facts.gather", write: "report.write" },
    input: { about: "oaks", by: "2100-01-01T00:00:00Z" },
  });

  // Both attempts failed, so a person takes over. The first report is too short and is returned. The second one
  // passes.
  await paused(run, "write");
  const { summary } = await run.why("write");
  pen.isBroken = false;
  await run.resume("a new pen");
  return { summary, report: await run.result() };
}

async function paused(run: RunHandle, task: string): Promise<void> {
  for await (const { tasks } of run.watch())
    if (tasks.some(({ taskId, status }) => taskId === task && status === TaskStatus.TASK_STATUS_PAUSED))
      return;
  throw new Error(`expected ${task} of ${run.id} to wait for a person, but the run ended`);
}
