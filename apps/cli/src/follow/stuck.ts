/** Reports why a run makes no progress, as `tutti why` explains it: a queued task, or a person or a signal it waits for. */
import type { Explanation } from "@tutti/rest/types";
import type { Shell } from "../effects/shell.ts";
import { safe } from "../terminal/text.ts";
import type { Reported } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import type { RunView } from "./run-view.ts";

/** An idle worker accepts a task within milliseconds, so two checks in a row find a stuck task. */
const checkMs = 1_500;
/** Maximum of reported waiting tasks. */
const waitingMax = 3;

interface Parts {
  readonly shell: Pick<Shell, "pause">;
  readonly model: Reported;
  readonly reporter: Pick<Reporter, "stuck">;
  /** Explains one task or the whole. */
  readonly explain: (task?: string) => Promise<Explanation | undefined>;
  /** Aborted at the end. */
  readonly signal: AbortSignal;
}

export async function reportCauses({ shell, model, reporter, explain, signal }: Parts): Promise<void> {
  let queuedBefore: string | undefined;
  let waitingBefore: string | undefined;
  let reportedWaits: string | undefined;
  let waiting: readonly string[] = [];
  for (;;) {
    await shell.pause(checkMs, signal);
    if (signal.aborted) return;
    const view = model.view();
    const [queued, waits] = [queuedTask(view), waitsOf(view)];
    // Twice in a row: a task that has just been queued is not stuck.
    const explained =
      queued !== undefined && queued === queuedBefore ? await explanationOf(explain, queued) : undefined;
    if (waits === undefined) {
      reportedWaits = undefined;
      waiting = [];
    } else if (waits === waitingBefore && waits !== reportedWaits) {
      // One request, because a person may take days and the causes of the same tasks do not change.
      waiting = waitingLines(await explanationOf(explain));
      reportedWaits = waits;
    }
    if (signal.aborted) return;
    reporter.stuck([
      ...(explained !== undefined && isStuck(explained) ? linesOf(explained) : []),
      ...waiting,
    ]);
    [queuedBefore, waitingBefore] = [queued, waits];
  }
}

const explanationOf = (explain: Parts["explain"], task?: string) => explain(task).catch(() => undefined);

/** Whether a task still waits. A task that was accepted in the meantime does not. */
const isStuck = ({ waits, remedies }: Explanation): boolean => waits.length > 0 || remedies.length > 0;

function queuedTask(view: RunView | undefined): string | undefined {
  if (view === undefined || isRunning(view)) return undefined;
  return view.tasks.find(({ state }) => state === "queued" || state === "held")?.id;
}

/** Returns a key of the waiting tasks and open questions. Undefined without a wait for a person or a signal. */
function waitsOf(view: RunView | undefined): string | undefined {
  if (view === undefined) return undefined;
  const { openApprovals, tasks } = view;
  const waiting = tasks.filter(({ state }) => state === "waiting").map(({ id }) => id);
  // A signal may be one that cancels the running tasks. A question needs a person at any time.
  if (openApprovals === 0 && (waiting.length === 0 || isRunning(view))) return undefined;
  return `${openApprovals} ${waiting.join(" ")}`;
}

const isRunning = ({ tasks }: RunView): boolean => tasks.some(({ state }) => state === "running");

/** Returns the lines about waiting tasks. A task that waits for a timer or a child needs no help. */
function waitingLines(explanation: Explanation | undefined): string[] {
  const parts = explanation?.parts ?? [];
  return parts
    .filter(({ waits, remedies }) => remedies.length > 0 && waits.some(({ cause }) => isOutside(cause)))
    .slice(0, waitingMax)
    .flatMap(linesOf);
}

const isOutside = (cause: string | undefined): boolean =>
  cause === "approval" || cause === "signal" || cause === "event";

function linesOf({ summary = "", remedies }: Explanation): string[] {
  const [remedy] = remedies;
  if (summary === "") return [];
  const { text = "", command = "" } = remedy ?? {};
  const help = [command, text].filter((part) => part !== "").join("   ");
  return [safe(summary), ...(help === "" ? [] : [`→ ${safe(help)}`])];
}
