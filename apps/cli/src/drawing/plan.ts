/** Draws the plan of a session next to its actual course, as bars along one axis of time. */
import { counted } from "@tutti/kernel";
import type { PlannedTask, PlanView } from "@tutti/rest/types";
import type { Style } from "../terminal/style.ts";
import { cut, padEnd, safe, widthOf, wrap } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";

export interface PlanCanvas {
  readonly style: Style;
  readonly width: number;
  readonly nowMs: number;
  /** Number of plans. */
  readonly count: number;
}

const tasksMost = 200;
const nameWidthMost = 24;
const barMin = 20;
/** Width without a terminal. */
const widthMost = 120;

export function drawPlan(plan: PlanView, { style, width, nowMs, count }: PlanCanvas): string[] {
  const { number = 0, reason = "", lowerBoundMs = 0, tasks, moves } = plan;
  const startMs = Math.min(...tasks.flatMap(timesOf), plan.planTimeMs ?? nowMs);
  const endMs = Math.max(...tasks.flatMap(timesOf), plan.expectedEndTimeMs ?? startMs, startMs + 1);
  const visible = tasks.slice(0, tasksMost);
  const nameWidth = Math.min(
    nameWidthMost,
    Math.max(4, ...visible.map(({ taskId = "" }) => widthOf(safe(taskId)))),
  );
  const room = Math.max(barMin, Math.min(width, widthMost) - nameWidth - 14);
  const axis: Axis = { startMs, endMs, room, nowMs };
  const expected =
    plan.expectedEndTimeMs === undefined
      ? ""
      : `, ${printDurationMs(plan.expectedEndTimeMs - startMs)} expected`;
  const boundText =
    lowerBoundMs > 0 ? `, not below ${printDurationMs(lowerBoundMs)} if each takes its expected time` : "";
  const lines = [
    `${style.bold(number === 0 ? "actual times, without a plan" : `plan ${number} of ${count}`)}  ${style.dim(`${counted(tasks.length, "task")}${expected}${boundText}`)}`,
    ...(reason === "" ? [] : wrap(safe(reason), width)),
    "",
    `${" ".repeat(nameWidth)}  ${style.dim(`${padEnd("0", room - widthOf(printDurationMs(endMs - startMs)))}${printDurationMs(endMs - startMs)}`)}`,
  ];
  for (const task of visible) lines.push(...taskLines(task, { axis, nameWidth, style }));
  if (visible.length < tasks.length) lines.push(style.dim(`and ${tasks.length - visible.length} more`));
  if (moves.length > 0) lines.push("", style.dim("moved"));
  for (const { taskId = "", fromPartId = "", toPartId = "", moveTimeMs, reason: cause = "" } of moves) {
    const when = moveTimeMs === undefined ? "" : `after ${printDurationMs(moveTimeMs - startMs)}`;
    lines.push(
      `  ${safe(taskId)}  ${safe(fromPartId)} → ${safe(toPartId)}  ${style.dim(`${when}  ${safe(cause)}`)}`,
    );
  }
  return [...lines, "", style.dim("░ planned   █ actual   ◆ critical")];
}

interface Axis {
  readonly startMs: number;
  readonly endMs: number;
  readonly room: number;
  readonly nowMs: number;
}

interface Row {
  readonly axis: Axis;
  readonly nameWidth: number;
  readonly style: Style;
}

function taskLines(task: PlannedTask, { axis, nameWidth, style }: Row): string[] {
  const { taskId = "", plannedStartTimeMs, plannedEndTimeMs, startTimeMs, endTimeMs } = task;
  const name = padEnd(cut(safe(taskId), nameWidth), nameWidth);
  const mark = task.critical === true ? style.yellow("◆") : " ";
  const planned = barOf(plannedStartTimeMs, plannedEndTimeMs, "░", axis);
  const real = barOf(startTimeMs, endTimeMs ?? axis.nowMs, "█", axis);
  const agents = [task.plannedAgentId ?? "", task.agentId ?? ""];
  return [
    `${name} ${mark}${style.dim(`${padEnd(planned, axis.room)}  ${safe(agents[0] ?? "")}`)}`.trimEnd(),
    `${" ".repeat(nameWidth)}  ${style.cyan(padEnd(real, axis.room))}  ${safe(agents[1] ?? "")}`.trimEnd(),
  ];
}

export function barOf(
  fromMs: number | undefined,
  toMs: number | undefined,
  sign: string,
  { startMs, endMs, room }: Axis,
): string {
  if (fromMs === undefined || toMs === undefined) return "";
  const at = (ms: number): number =>
    Math.max(0, Math.min(room, Math.round(((ms - startMs) / (endMs - startMs)) * room)));
  const [from, to] = [Math.min(at(fromMs), room - 1), at(toMs)];
  return " ".repeat(from) + sign.repeat(Math.max(1, to - from));
}

function timesOf({ plannedStartTimeMs, plannedEndTimeMs, startTimeMs, endTimeMs }: PlannedTask): number[] {
  return [plannedStartTimeMs, plannedEndTimeMs, startTimeMs, endTimeMs].filter((ms) => ms !== undefined);
}
