import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Approval, TaskStatus } from "@tutti/contracts/types/v1";
import type { RunHandle, Tutti } from "@tutti/sdk/client";

/** Returns the text of an example's definition. */
export function source(example: string, file = "workflow.yaml"): string {
  return readFileSync(new URL(`${example}/${file}`, import.meta.url), "utf8");
}

/** Returns the code of the error that a run ended with. */
export function errorOf(run: RunHandle): Promise<string> {
  return run.result().then(
    (output) => `none, the run completed with ${JSON.stringify(output)}`,
    (error: { readonly code?: string }) => error.code ?? String(error),
  );
}

/** Returns the first approval of a run, when it opens. */
export async function openApproval(run: RunHandle): Promise<Approval> {
  for await (const _ of run.watch()) {
    const [question] = await run.approvals();
    if (question !== undefined) return question;
  }
  throw new Error(`expected ${run.id} to open an approval, but it ended`);
}

/** Resolves when a task of a run waits for a time, a signal, a person or a child. */
export async function waiting(run: RunHandle, task: string): Promise<void> {
  for await (const { tasks } of run.watch())
    if (tasks.some(({ taskId, status }) => taskId === task && status === TaskStatus.TASK_STATUS_WAITING))
      return;
  throw new Error(`expected ${task} of ${run.id} to wait, but the run ended`);
}

/** Resolves when a state machine enters a state. */
export async function inState(run: RunHandle, state: string): Promise<void> {
  for await (const { run: now } of run.watch()) if (now?.states.includes(state)) return;
  throw new Error(`expected ${run.id} to reach ${state}, but it ended`);
}

/** Returns a run that a schedule or trigger starts, when it exists. */
export async function started(tutti: Tutti, id: string): Promise<RunHandle> {
  const run = tutti.runs.get(id);
  for (;;) {
    const isThere = await run.get().then(
      () => true,
      (error: { readonly code?: string }) => {
        if (error.code === "workflow.run_missing") return false;
        throw error;
      },
    );
    if (isThere) return run;
    await sleep(10);
  }
}
