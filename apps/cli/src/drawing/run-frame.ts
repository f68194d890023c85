import type { RunView, TaskView } from "../follow/run-view.ts";
import { drawBar, printShare } from "../terminal/bar.ts";
import { displayOf, runDisplayOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { cut, padEnd, padStart, safe, widthOf } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import type { Canvas } from "./canvas.ts";
import { orderOf } from "./order.ts";
import { linesAbove, type Rails, type Row, railsOf } from "./rails.ts";
import { stageRows } from "./stages.ts";
import { taskText } from "./task-text.ts";

const margin = " ";
const lanesMost = 16;
/** Maximum of readable rows. Larger graphs are printed stage by stage. */
const railsMost = 400;
/** Maximum of columns that an eye can follow. */
const widthMost = 100;

/**
 * Draws a run: its name and state, its tasks as a graph with a row for each, and its progress. If the tasks do not
 * fit in the height, those with the least activity are left out.
 */
export function drawRun(run: RunView, canvas: Canvas): string[] {
  const width = Math.min(widthMost, Math.max(40, canvas.width)) - 2 * margin.length;
  const inner = { ...canvas, width };
  const head = [headOf(run, inner), ""];
  const foot = ["", ...footOf(run, inner)];
  const room = Math.max(3, canvas.height - head.length - foot.length);
  return [...head, ...tasksOf(run, { ...inner, height: room }), ...foot].map((line) =>
    line === "" ? "" : margin + line,
  );
}

function headOf(run: RunView, { style, width, nowMs }: Canvas): string {
  const { symbol, tone, words } = runDisplayOf(run.state, run.counts);
  const lasts = run.startMs === undefined ? "" : printDurationMs((run.endMs ?? nowMs) - run.startMs);
  const state = lasts === "" ? words : `${words} · ${lasts}`;
  const room = width - widthOf(state) - 4;
  const id = cut(safe(run.id), room);
  const workflow = cut(safe(run.workflow), Math.max(0, room - widthOf(id) - 2));
  const left = `${toned(style, tone, symbol)} ${style.bold(id)}${workflow === "" || workflow === id ? "" : `  ${style.dim(workflow)}`}`;
  return `${padEnd(left, width - widthOf(state))}${toned(style, tone, state)}`;
}

const barMin = 10;

function footOf(run: RunView, { style, width }: Canvas): string[] {
  const lines = [progressLine(run, { style, width })];
  const { reason } = run;
  if (reason !== "") lines.push(style.dim(cut(safe(reason), width)));
  if (run.openApprovals > 0)
    lines.push(
      `${style.magenta("waits for approval")}  ${style.dim(cut(`tutti approve ${safe(run.id)}`, width - 20))}`,
    );
  return lines;
}

/**
 * Draws a bar and the counts. A run that ended without completing has no bar, because a full bar would look like
 * success. A run that completed although a task failed has none either, because 100 % would contradict the counts.
 */
function progressLine(run: RunView, { style, width }: Pick<Canvas, "style" | "width">): string {
  const { state, progress, counts } = run;
  const isSuccess = (state === "completed" && (counts["failed"] ?? 0) === 0) || state === "continued";
  if (displayOf(state).isEnded && !isSuccess) return tally(run, { style, width });
  const share = padStart(printShare(progress), 5);
  const summary = tally(run, { style, width: width - barMin - 9 });
  const barWidth = Math.min(40, Math.max(barMin, width - 9 - Math.max(18, widthOf(summary))));
  return `${drawBar(progress, barWidth, style)} ${share}   ${summary}`;
}

const tallied = [
  ["completed", "green", "done"],
  ["running", "cyan", "running"],
  ["queued", "dim", "queued"],
  ["failed", "red", "failed"],
  ["waiting", "yellow", "waiting"],
  ["retrying", "yellow", "retrying"],
  ["paused", "magenta", "paused"],
  ["compensated", "yellow", "compensated"],
  ["skipped", "dim", "skipped"],
] as const;

/** Draws the counts, such as `5 of 8 done · 2 running`, as far as there is room. */
function tally({ counts }: RunView, { style, width }: Pick<Canvas, "style" | "width">): string {
  const parts = tallied.flatMap(([state, tone, label]) => {
    const count = counts[state] ?? 0;
    if (state === "completed") return [`${count} of ${counts["total"] ?? 0} ${label}`];
    return count === 0 ? [] : [toned(style, tone, `${count} ${label}`)];
  });
  while (parts.length > 1 && widthOf(parts.join(" · ")) > width) parts.pop();
  return parts.join(style.dim(" · "));
}

function tasksOf(run: RunView, canvas: Canvas): string[] {
  const { tasks } = run;
  if (tasks.length === 0) return [canvas.style.dim("no tasks yet")];
  const ordered = orderOf(tasks);
  const lanesMax = Math.min(lanesMost, Math.floor(canvas.width / 6));
  const rails = tasks.length > railsMost ? undefined : railsOf(ordered, lanesMax);
  if (rails === undefined) return stageRows(tasks, ordered, canvas);
  const rows = rails.rows.flatMap((row, at) => {
    const task = row.task === undefined ? undefined : tasks[row.task];
    const next = rails.rows[at + 1];
    const siblingRow = {
      task: undefined,
      before: next === undefined ? "" : linesAbove(next, ordered),
      after: "",
    };
    return [{ row, task, depth: 0 }, ...(task === undefined ? [] : partsOf(task, siblingRow, 1))];
  });
  const visible = windowOf(rows, canvas);
  const nameWidth = Math.min(Math.floor(canvas.width * 0.4), longest(tasks));
  return visible.map((entry) =>
    typeof entry === "string" ? entry : railLine(entry, rails, { canvas, nameWidth }),
  );
}

function longest(tasks: readonly TaskView[]): number {
  return Math.max(
    ...tasks.map(({ title, id, parts }) =>
      Math.max(
        widthOf(safe(title === "" ? id : title)),
        parts.length === 0 ? 0 : longest(parts) + indentWidth,
      ),
    ),
  );
}

interface TaskRow {
  readonly row: Row;
  readonly task: TaskView | undefined;
  /** Depth of calls between functions. 0 for a task of the definition. */
  readonly depth: number;
}

const indentWidth = 2;
/** Maximum of drawn calls of a function. The latest are drawn. */
const partsMost = 20;

/** Returns the rows of the tasks that a function has called, next to the lines that continue. */
function partsOf({ parts }: TaskView, row: Row, depth: number): readonly TaskRow[] {
  return parts.slice(-partsMost).flatMap((task) => [{ row, task, depth }, ...partsOf(task, row, depth + 1)]);
}

function railLine(
  { row, task, depth }: TaskRow,
  rails: Rails,
  { canvas, nameWidth }: { readonly canvas: Canvas; readonly nameWidth: number },
): string {
  const { style } = canvas;
  if (task === undefined) return style.dim(row.before);
  const { symbol, tone } = displayOf(task.state);
  if (depth > 0) {
    const indent = " ".repeat(indentWidth * (depth - 1));
    const room = canvas.width - rails.width - indentWidth * depth;
    const text = taskText(task, canvas, { nameWidth: nameWidth - indentWidth * depth, room: room - 2 });
    return `${style.dim(padEnd(row.before, rails.width))}  ${indent}${toned(style, tone, symbol)} ${text}`;
  }
  const blanks = " ".repeat(Math.max(0, rails.width - widthOf(row.before) - 1 - widthOf(row.after)));
  const rail = `${style.dim(row.before)}${toned(style, tone, symbol)}${style.dim(row.after)}${blanks}`;
  return `${rail}  ${taskText(task, canvas, { nameWidth, room: canvas.width - rails.width - 2 })}`;
}

/** Returns the rows around running work, with a line that counts the hidden rows. */
function windowOf(rows: readonly TaskRow[], { height, style }: Canvas): (TaskRow | string)[] {
  if (rows.length <= height) return [...rows];
  const room = Math.max(1, height - 2);
  const active = rows.findIndex(({ task }) => task !== undefined && !displayOf(task.state).isEnded);
  const preferredStart = active < 0 ? rows.length - room : active - Math.floor(room / 4);
  const start = Math.max(0, Math.min(preferredStart, rows.length - room));
  const tasksIn = (part: readonly TaskRow[]): number => part.filter(({ task }) => task !== undefined).length;
  const above = tasksIn(rows.slice(0, start));
  const below = tasksIn(rows.slice(start + room));
  return [
    style.dim(above === 0 ? "" : `⋮ ${above} above`),
    ...rows.slice(start, start + room),
    style.dim(below === 0 ? "" : `⋮ ${below} more`),
  ];
}
