import { usageText } from "@tutti/rest/history";
import type { TaskView } from "../follow/run-view.ts";
import { drawBar } from "../terminal/bar.ts";
import { displayOf } from "../terminal/states.ts";
import { type Style, toned } from "../terminal/style.ts";
import { cut, padEnd, padStart, safe, widthOf } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import type { Canvas } from "./canvas.ts";

/** Returns the name, detail and duration of a task in three columns. The detail is cut first. */
export function taskText(
  task: TaskView,
  { style, nowMs }: Canvas,
  { nameWidth, room }: { readonly nameWidth: number; readonly room: number },
): string {
  const { tone, isEnded } = displayOf(task.state);
  const name = padEnd(cut(safe(task.title === "" ? task.id : task.title), nameWidth), nameWidth);
  const time = timeOf(task, nowMs);
  const timeWidth = Math.max(10, widthOf(time));
  const remaining = room - nameWidth - 2 - timeWidth - 1;
  const isDimmed = task.state === "pending" || task.state === "skipped";
  const detail = remaining < 8 ? "" : detailOf(task, { style, width: remaining, nowMs });
  const named = isDimmed ? style.dim(name) : isEnded ? name : style.bold(name);
  return `${named}  ${padEnd(detail, Math.max(0, remaining))} ${toned(style, isEnded ? "dim" : tone, padStart(time, timeWidth))}`.trimEnd();
}

/** Returns the text next to the name of a task: the progress of its list, its error, its waits, its use. */
function detailOf(
  task: TaskView,
  { style, width, nowMs }: { readonly style: Style; readonly width: number; readonly nowMs: number },
): string {
  const { entries, state, error, reason, attempts } = task;
  if (entries !== undefined && entries.total > 0 && state !== "pending")
    return entriesOf(entries, style, width);
  if (state === "failed" && error !== "") return style.red(cut(safe(error), width));
  if (state === "retrying") {
    const next = task.nextMs === undefined ? "" : `again in ${printDurationMs(task.nextMs - nowMs)}`;
    return style.yellow(
      cut(
        ["attempt", String(attempts), "failed,", next].join(" ") + (error === "" ? "" : `: ${safe(error)}`),
        width,
      ),
    );
  }
  if (state === "running" && task.progress > 0)
    return `${drawBar(task.progress, Math.min(12, width), style)}`;
  if (reason !== "") return style.dim(cut(safe(reason), width));
  const attemptText = attempts > 1 ? `${attempts} attempts` : "";
  const uses = safe(task.uses === "" ? kindText(task.kind) : task.uses);
  const used = task.used === undefined ? "" : usageText(task.used);
  return style.dim(cut([uses, used, attemptText].filter((part) => part !== "").join(" · "), width));
}

function entriesOf(
  { done, failed, total }: NonNullable<TaskView["entries"]>,
  style: Style,
  width: number,
): string {
  const failures = failed === 0 ? "" : style.red(` ${failed} failed`);
  const barWidth = Math.min(16, Math.max(4, width - 20));
  return `${drawBar(done / total, barWidth, style)} ${done}/${total}${failures}`;
}

/** Returns the kind of a task that needs no capability of a worker. Empty for others. */
function kindText(kind: string): string {
  return kind === "uses" || kind === "unspecified" ? "" : kind;
}

/** Returns how long it took, or has taken so far. Empty before it started. */
function timeOf({ state, startMs, endMs }: TaskView, nowMs: number): string {
  if (state === "pending" || state === "skipped" || startMs === undefined) return "";
  return printDurationMs((endMs ?? nowMs) - startMs);
}
