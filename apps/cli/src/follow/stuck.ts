/** Reports why no task runs while tasks are queued, as `tutti why` explains it. */
import type { Explanation } from "@tutti/rest/types";
import type { Shell } from "../effects/shell.ts";
import { safe } from "../terminal/text.ts";
import type { Reported } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import type { TaskView } from "./run-view.ts";

/** An idle worker accepts a task within milliseconds, so two checks in a row find a stuck task. */
const checkMs = 1_500;

interface Parts {
  readonly shell: Pick<Shell, "pause">;
  readonly model: Reported;
  readonly reporter: Pick<Reporter, "stuck">;
  readonly why: (task: string) => Promise<Explanation | undefined>;
  /** Aborted at the end. */
  readonly signal: AbortSignal;
}

export async function reportCauses({ shell, model, reporter, why, signal }: Parts): Promise<void> {
  let before: string | undefined;
  for (;;) {
    await shell.pause(checkMs, signal);
    if (signal.aborted) return;
    const task = stuckTask(model.view()?.tasks ?? []);
    // Twice in a row: a task that has just been queued is not stuck.
    const explanation =
      task !== undefined && task === before ? await why(task).catch(() => undefined) : undefined;
    if (signal.aborted) return;
    reporter.stuck(explanation === undefined ? [] : linesOf(explanation));
    before = task;
  }
}

function stuckTask(tasks: readonly TaskView[]): string | undefined {
  if (tasks.some(({ state }) => state === "running")) return undefined;
  return tasks.find(({ state }) => state === "queued" || state === "held")?.id;
}

function linesOf({ summary = "", remedies }: Explanation): string[] {
  const [remedy] = remedies;
  if (summary === "") return [];
  const { text = "", command = "" } = remedy ?? {};
  const help = [command, text].filter((part) => part !== "").join("   ");
  return [safe(summary), ...(help === "" ? [] : [`→ ${safe(help)}`])];
}
