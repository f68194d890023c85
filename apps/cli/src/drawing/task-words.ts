import type { TaskView } from "../follow/run-view.ts";
import { drawBar } from "../terminal/bar.ts";
import type { Style } from "../terminal/style.ts";
import { cut, safe } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";

/** What is said of a task beside its name: how far its list is, what went wrong, what it waits for, what it uses. */
export function detailOf(
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
  const again = attempts > 1 ? `${attempts} attempts` : "";
  const uses = safe(task.uses === "" ? kindWords(task.kind) : task.uses);
  return style.dim(cut([uses, again].filter((part) => part !== "").join(" · "), width));
}

function entriesOf(
  { ended, failed, total }: NonNullable<TaskView["entries"]>,
  style: Style,
  width: number,
): string {
  const failures = failed === 0 ? "" : style.red(` ${failed} failed`);
  const barWidth = Math.min(16, Math.max(4, width - 20));
  return `${drawBar(ended / total, barWidth, style)} ${ended}/${total}${failures}`;
}

/** Kinds that do their work without anybody's capability. */
function kindWords(kind: string): string {
  return kind === "uses" || kind === "unspecified" ? "" : kind;
}

/** How long it took, or has taken so far; empty before it began. */
export function timeOf({ state, startMs, endMs }: TaskView, nowMs: number): string {
  if (state === "pending" || state === "skipped" || startMs === undefined) return "";
  return printDurationMs((endMs ?? nowMs) - startMs);
}
