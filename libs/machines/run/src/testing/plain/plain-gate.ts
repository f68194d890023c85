/** Gates, and sending work back. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { conditionOf, type Names, valueFrom } from "./names.ts";
import type { RunModel, TaskProgress } from "./plain-model.ts";
import { type PlainTask, restingOn } from "./plain-task.ts";

/** Evaluates a gate: the task continues, sends work back, or fails. */
export function evaluateGate(
  run: RunModel,
  task: PlainTask,
  gate: NonNullable<TaskDocument["gate"]>,
  names: Names,
): TaskProgress {
  const checks = gate.checks ?? { check: gate.check ?? true };
  const found = Object.entries(checks).map(([name, check]) => [name, conditionOf(check, names)] as const);
  const reports: { name: string; passed: boolean }[] = [];
  for (const [name, result] of found) {
    if ("fails" in result) return result;
    reports.push({ name, passed: result.value === true });
  }
  const target = task.body.tasks.get(gate.sendBack ?? "");
  const { sentBack } = holderOf(task, target);
  const failed = reports.flatMap(({ name, passed }) => (passed ? [] : [name]));
  if (failed.length === 0) return { value: { passed: true, checks: reports, sentBack } };
  const report = gate.report === undefined ? { value: { checks: failed } } : valueFrom(gate.report, names);
  if ("fails" in report) return report;
  const isSentBack = target !== undefined && sendBack(run, task, target, gate.times ?? 1, report.value);
  return isSentBack ? "sent back" : { fails: "workflow.gate_failed" };
}

/** Sends work back. Returns false if the limit is reached. */
export function sendBack(
  run: RunModel,
  task: PlainTask,
  target: PlainTask,
  times: number,
  report: Json,
): boolean {
  const holder = holderOf(task, target);
  if (holder.sentBack >= times) return false;
  run.work.repeat(new Set([...restingOn(target, run), ...restingOn(holder, run)]));
  holder.sentBack++;
  target.feedback = report;
  return true;
}

/**
 * Returns the task that counts how often work was sent back: for an entry its list, unless only the entry is
 * repeated.
 */
function holderOf(task: PlainTask, target: PlainTask | undefined): PlainTask {
  return target === task ? task : (task.entry?.list ?? task);
}
