import type { TaskView } from "../follow/run-view.ts";
import { drawBar } from "../terminal/bar.ts";
import { displayOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { padEnd, safe, widthOf } from "../terminal/text.ts";
import type { Canvas } from "./canvas.ts";
import type { Ordered } from "./order.ts";
import { taskText } from "./task-text.ts";

/** States by priority, if there is no room for all tasks. */
const urgency = ["failed", "paused", "retrying", "running", "compensating", "waiting", "queued", "held"];

/**
 * Draws a graph that is too wide for rails: a line for each stage with a bar and counts. Below are the tasks that need
 * attention or are running, as many as fit.
 */
export function stageRows(tasks: readonly TaskView[], { level }: Ordered, canvas: Canvas): string[] {
  const { style, height } = canvas;
  const stages = new Map<number, TaskView[]>();
  for (const [place, task] of tasks.entries()) {
    const stage = level[place] ?? 0;
    const members = stages.get(stage);
    if (members === undefined) stages.set(stage, [task]);
    else members.push(task);
  }
  const most = Math.max(2, Math.floor(height / 2));
  const visible = stageLines(
    [...stages].sort(([a], [b]) => a - b).map(([, members]) => members),
    { canvas, most },
  );
  const room = height - visible.length - 1;
  const active = urgency
    .flatMap((state) => tasks.filter((task) => task.state === state))
    .slice(0, Math.max(0, room));
  if (active.length === 0) return visible;
  const nameWidth = Math.min(
    Math.floor(canvas.width * 0.4),
    Math.max(...active.map(({ id, title }) => widthOf(safe(title === "" ? id : title)))),
  );
  const rows = active.map((task) => {
    const { symbol, tone } = displayOf(task.state);
    return `${toned(style, tone, symbol)}  ${taskText(task, canvas, { nameWidth, room: canvas.width - 3 })}`;
  });
  return [...visible, "", ...rows];
}

/** Draws the stages. If there is no room for all, completed stages share one line. */
function stageLines(
  stages: readonly (readonly TaskView[])[],
  { canvas, most }: { readonly canvas: Canvas; readonly most: number },
): string[] {
  const over = stages.findIndex((members) => members.some(({ state }) => !displayOf(state).isEnded));
  const folded = stages.length <= most ? 0 : over < 0 ? stages.length : over;
  const lines = folded < 2 ? [] : [stageLine(`stages 1–${folded}`, stages.slice(0, folded).flat(), canvas)];
  const first = folded < 2 ? 0 : folded;
  const rest = stages.slice(first, first + most - lines.length);
  for (const [at, members] of rest.entries())
    lines.push(stageLine(`stage ${first + at + 1}`, members, canvas));
  const remaining = stages.length - first - rest.length;
  if (remaining > 0) lines.push(canvas.style.dim(`⋮ ${remaining} more stages`));
  return lines;
}

function stageLine(title: string, members: readonly TaskView[], { style, width }: Canvas): string {
  const counts = new Map<string, number>();
  for (const { state } of members) counts.set(state, (counts.get(state) ?? 0) + 1);
  const ended = members.filter(({ state }) => displayOf(state).isEnded).length;
  const name = padEnd(title, 11);
  const head = `${style.dim(name)} ${drawBar(ended / members.length, 16, style)} ${padEnd(`${ended}/${members.length}`, 9)} `;
  const tally = [...counts].map(([state, count]) => {
    const { symbol, tone } = displayOf(state);
    return toned(style, tone, `${symbol} ${count}`);
  });
  return `${head}${joinFitting(tally, width - widthOf(head))}`;
}

/** Returns as many parts as fit, with a mark if there are more. */
function joinFitting(parts: readonly string[], width: number): string {
  const all = parts.join("  ");
  if (widthOf(all) <= width) return all;
  const visible = [...parts];
  while (visible.length > 0 && widthOf(`${visible.join("  ")}  …`) > width) visible.pop();
  return [...visible, "…"].join("  ");
}
