/** Steps of durable functions that wait for their next try. The function itself only waits for a timer. */
import { type FailedAttempt, TaskStatus } from "@tutti/contracts/types/v1";
import { FunctionEntryKind } from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import { isDone } from "@tutti/machine-work";
import { displayedError } from "../../core/attempt/losses.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import type { NodeView } from "../../core/state/state.ts";

const { FUNCTION_ENTRY_KIND_STEP, FUNCTION_ENTRY_KIND_TASK, FUNCTION_ENTRY_KIND_END } = FunctionEntryKind;

/** Entries that are searched, from the last one back. */
const entriesMax = 1_000;
/** Form of the ids of the tasks with which the SDKs wait between two tries of a step. */
const pauseForm = /^(?<step>.+)\.pause-(?<tries>\d+)$/;

/** Returns the last error of each step that waits for its next try, or did when the function failed, the newest first. */
export function retriedSteps(node: NodeView, taskId: () => string): FailedAttempt[] {
  const journal = stateOfKind(node, "function")?.journal;
  const isFailed = node.status === TaskStatus.TASK_STATUS_FAILED;
  if (journal === undefined || (isDone(node.status) && !isFailed)) return [];
  const ended = new Set<number>();
  /** Tries by the step of the journal. */
  const retried = new Map<string, number>();
  const failed: FailedAttempt[] = [];
  for (const { kind, id, node: number, error, atMs } of journal.entries.slice(-entriesMax).reverse())
    if (kind === FUNCTION_ENTRY_KIND_END) ended.add(number);
    else if (kind === FUNCTION_ENTRY_KIND_TASK && !ended.has(number)) {
      const { step = "", tries = "" } = pauseForm.exec(id)?.groups ?? {};
      if (step !== "") retried.set(tries === "1" ? step : `${step}.try-${tries}`, Number(tries));
    } else if (kind === FUNCTION_ENTRY_KIND_STEP && error !== undefined && retried.has(id)) {
      const displayed = displayedError(error);
      failed.push({
        task: taskId(),
        attempt: retried.get(id) ?? 1,
        agentId: "",
        failTime: toTimestamp(atMs),
        error: {
          ...displayed,
          message: `Step \`${id}\` failed${isFailed ? "" : " and is retried"}: ${displayed.message}`,
        },
      });
      retried.delete(id);
    }
  return failed;
}
