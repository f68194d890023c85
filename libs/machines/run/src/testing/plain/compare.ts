/** Compares a run that has ended with the result of the interpreter. */
import { isDeepStrictEqual } from "node:util";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import type { RunEnding } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, isRefusal } from "@tutti/kernel";
import type { Run } from "../../core/state/state.ts";
import { showEnding } from "../../life/queries/run.ts";
import { showTasks } from "../../life/queries/tasks.ts";
import { jsonOf } from "../json.ts";
import { plainJson, text } from "./plain-json.ts";
import type { PlainEnding } from "./plain-model.ts";
import type { PlainOrder, PlainRun } from "./plain-run.ts";
import { hasEnded, isGood } from "./plain-task.ts";

const statusNames: Readonly<Record<number, string>> = {
  [TaskStatus.TASK_STATUS_PENDING]: "pending",
  [TaskStatus.TASK_STATUS_COMPLETED]: "completed",
  [TaskStatus.TASK_STATUS_FAILED]: "failed",
  [TaskStatus.TASK_STATUS_SKIPPED]: "skipped",
  [TaskStatus.TASK_STATUS_CANCELLED]: "cancelled",
  [TaskStatus.TASK_STATUS_COMPENSATED]: "compensated",
};

const endingNames: Readonly<Record<number, string>> = {
  [WorkStatus.WORK_STATUS_COMPLETED]: "completed",
  [WorkStatus.WORK_STATUS_FAILED]: "failed",
  [WorkStatus.WORK_STATUS_CANCELLED]: "cancelled",
  [WorkStatus.WORK_STATUS_TERMINATED]: "terminated",
  [WorkStatus.WORK_STATUS_CONTINUED]: "continued",
};

export function isEnded(run: Run, key: InstanceKey): boolean {
  return endingOf(run, key) !== undefined;
}

function endingOf(run: Run, key: InstanceKey): RunEnding | undefined {
  const answer = showEnding.answer(run, undefined, { key, nowMs: 0 });
  return isRefusal(answer) ? undefined : answer.ending;
}

/** Returns what differs, in words. */
export function compareEnding(run: Run, key: InstanceKey, plain: PlainRun, order: PlainOrder): string[] {
  const { ending } = plain;
  if (ending === undefined) {
    const open = plain.tasks.filter((task) => !hasEnded(task)).map(({ id, status }) => `${id} ${status}`);
    return [`the run stands still, but there is something to do: ${plain.status}: ${open.join(", ")}`];
  }
  const found = endingOf(run, key);
  if (found === undefined) return [`the run has not ended, expected it to be ${ending.status}`];
  const states = order.document.states !== undefined;
  return [...compareRun(found, ending), ...(states ? [] : compareTasks(run, key, plain))];
}

function compareRun(found: RunEnding, expected: PlainEnding): string[] {
  const status = endingNames[found.status] ?? String(found.status);
  const code = found.error?.code ?? "";
  if (status !== expected.status) return [`the run is ${status} (${code}), expected ${text(expected)}`];
  if (status === "completed" && !isDeepStrictEqual(jsonOf(found.output), plainJson(expected.output)))
    return [`the run's output is ${text(jsonOf(found.output))}, expected ${text(expected.output)}`];
  if (status === "failed" && !expected.errors.includes(code))
    return [`the run failed with ${code}, expected ${expected.errors.join(" or ")}`];
  const reported = [...new Set((found.error?.details["not_compensated"] ?? "").split(", ").filter(Boolean))];
  const remaining = [...new Set(expected.notUndone)];
  // If there are many, only the first are named.
  const rest = Number(/^and (\d+) more$/.exec(reported.at(-1) ?? "")?.[1] ?? 0);
  if (rest > 0 && reported.length - 1 + rest === remaining.length)
    return reported.slice(0, -1).every((id) => remaining.includes(id))
      ? []
      : ["what could not be undone is others"];
  if (status === "terminated" || isDeepStrictEqual(reported.sort(), remaining.sort())) return [];
  return [`what could not be undone is ${text(reported)}, expected ${text(remaining)}`];
}

function compareTasks(run: Run, key: InstanceKey, plain: PlainRun): string[] {
  const found: string[] = [];
  const listed = new Set<string>();
  const filter = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads: true };
  const page = showTasks.answer(run, { ...filter, from: 0, size: 10_000 }, { key, nowMs: 0 });
  if (isRefusal(page)) throw new Error(page.message);
  for (const { taskId, status, outcome } of page.tasks) {
    if (listed.has(taskId)) found.push(`${taskId} is shown twice`);
    listed.add(taskId);
    const task = plain.task(taskId);
    // Entries that never started have no status in the interpreter.
    const expected = task === undefined ? "no task" : task.status;
    const statusName = statusNames[status] ?? String(status);
    if (statusName !== expected) found.push(`${taskId} is ${statusName}, expected ${expected}`);
    const value = outcome?.result?.$case === "completed" ? outcome.result.value.body : undefined;
    const output = value?.$case === "inline" ? jsonOf(value.value) : null;
    if (task !== undefined && isGood(task) && !isDeepStrictEqual(output, plainJson(task.output)))
      found.push(`the output of ${taskId} is ${text(output)}, expected ${text(task.output)}`);
  }
  const missing = plain.tasks.filter(({ id, status }) => !listed.has(id) && status !== "cancelled");
  if (missing.length > 0) found.push(`there is no ${missing.map(({ id }) => id).join(", ")}`);
  return found;
}
