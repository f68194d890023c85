/** Draws a plan before the start: its mode among the candidates, and the assignments along one axis of time. */
import { counted } from "@tutti/kernel";
import type { PlannedAssignment, PlanReply } from "@tutti/rest/types";
import type { Style } from "../terminal/style.ts";
import { cut, padEnd, safe, widthOf } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import { drawChoices } from "./choices.ts";
import { barOf } from "./plan.ts";

interface Page {
  readonly style: Style;
  readonly width: number;
}

const tasksMost = 100;
const nameWidthMost = 24;
const barMin = 20;

export function drawForesight(reply: PlanReply, page: Page): string[] {
  const { mode = "", choice, assignments, criticalPath, makespanMs = 0, lowerBoundMs = 0 } = reply;
  const { p50Ms = 0, p90Ms = 0, money = 0 } = reply;
  const { style, width } = page;
  const half =
    p50Ms > 0
      ? `, half of the time within ${printDurationMs(p50Ms)}, nine times in ten within ${printDurationMs(p90Ms)}`
      : "";
  const guessed = assignments.filter(({ estimate }) => !isKnown(estimate)).length;
  const costs = money > 0 ? `, ${Number(money.toPrecision(3))} money` : "";
  const lines = [
    `${style.bold(mode)}  ${style.dim(`${counted(assignments.length, "task")}${half}${costs}`)}`,
    style.dim(`not below ${printDurationMs(lowerBoundMs)} if each task takes its expected time`),
    ...(guessed === 0
      ? []
      : [style.yellow(`unknown duration: ${counted(guessed, "task")}, planned with 1 s each`)]),
    ...(choice === undefined ? [] : drawChoices([choice], page)),
    "",
  ];
  const visible = assignments.slice(0, tasksMost);
  const nameWidth = Math.min(
    nameWidthMost,
    Math.max(4, ...visible.map(({ taskId = "" }) => widthOf(safe(taskId)))),
  );
  const room = Math.max(barMin, width - nameWidth - 40);
  const endMs = Math.max(1, makespanMs, ...assignments.map((task) => task.endMs ?? 0));
  const end = printDurationMs(endMs);
  lines.push(`${" ".repeat(nameWidth)}  ${style.dim(`${padEnd("0", room - widthOf(end))}${end}`)}`);
  const critical = new Set(criticalPath);
  const axis = { startMs: 0, endMs, room, nowMs: 0 };
  for (const task of visible)
    lines.push(taskLine(task, critical.has(task.taskId ?? ""), { axis, nameWidth, style }));
  if (visible.length < assignments.length)
    lines.push(style.dim(`and ${assignments.length - visible.length} more`));
  return [...lines, "", style.dim("░ expected duration   ◆ critical   nothing was started")];
}

interface Row {
  readonly axis: Parameters<typeof barOf>[3];
  readonly nameWidth: number;
  readonly style: Style;
}

function taskLine(task: PlannedAssignment, isCritical: boolean, { axis, nameWidth, style }: Row): string {
  const { taskId = "", agentId = "", startMs = 0, endMs = 0, estimate } = task;
  const name = padEnd(cut(safe(taskId), nameWidth), nameWidth);
  const mark = isCritical ? style.yellow("◆") : " ";
  const { p50Ms = 0, p90Ms = 0, confidence = 0 } = estimate ?? {};
  const known = confidence > 0 ? "" : ", by its author";
  const estimateText = isKnown(estimate)
    ? `${printDurationMs(p50Ms)} to ${printDurationMs(p90Ms)}${known}`
    : "unknown";
  return `${name} ${mark}${padEnd(barOf(startMs, endMs, "░", axis), axis.room)}  ${padEnd(safe(agentId), 12)} ${style.dim(estimateText)}`;
}

function isKnown(estimate: PlannedAssignment["estimate"]): boolean {
  return (estimate?.p50Ms ?? 0) > 0;
}
