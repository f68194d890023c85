import { counted } from "@tutti/kernel";
import { type Style, toned } from "../terminal/style.ts";
import { cut, padEnd, padStart, safe, widthOf } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import { orderOf } from "./order.ts";
import { type Row, railsOf } from "./rails.ts";

/** A workflow to draw, from any source. */
export interface WorkflowView {
  readonly name: string;
  readonly nodes: readonly WorkflowNode[];
  readonly criticalPath: readonly string[];
  readonly criticalPathMs: number;
  readonly workMs: number;
  readonly width: number;
  readonly depth: number;
}

interface WorkflowNode {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly uses: string;
  readonly needs: readonly string[];
  /** Tasks to which it may send work back. For a state, its next states. */
  readonly backTo: readonly string[];
  readonly expectedMs: number;
  readonly forEach: boolean;
  readonly compensated: boolean;
}

const lanesMost = 24;

/**
 * Draws the graph with a row for each task, highlights the critical path, and adds a summary.
 */
export function drawWorkflow(
  workflow: WorkflowView,
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const room = Math.max(40, Math.min(width, 100)) - 1;
  const { nodes } = workflow;
  const ordered = orderOf(nodes);
  const rails = railsOf(ordered, Math.min(lanesMost, Math.floor(room / 5)));
  const critical = new Set(workflow.criticalPath);
  const rows: readonly Row[] =
    rails?.rows ??
    ordered.order.map((task) => ({
      task,
      before: "  ".repeat(Math.min(8, ordered.level[task] ?? 0)),
      after: "",
    }));
  const railWidth = rails?.width ?? Math.max(0, ...rows.map(({ before }) => before.length + 1));
  const nameWidth = Math.min(
    Math.floor(room * 0.4),
    Math.max(4, ...nodes.map(({ id, title }) => widthOf(safe(title === "" ? id : title)))),
  );
  const hasTimes = nodes.some(({ expectedMs }) => expectedMs > 0);
  const lines = rows.map(({ task, before, after }) => {
    const node = task === undefined ? undefined : nodes[task];
    if (node === undefined) return style.dim(before);
    const isCritical = critical.has(node.id);
    const symbol = isCritical ? toned(style, "yellow", "◆") : "○";
    const blanks = " ".repeat(Math.max(0, railWidth - widthOf(before) - 1 - widthOf(after)));
    const name = padEnd(cut(safe(node.title === "" ? node.id : node.title), nameWidth), nameWidth);
    const unknown = hasTimes && node.uses !== "" ? "unknown" : "";
    const time = node.expectedMs > 0 ? `~${printDurationMs(node.expectedMs)}` : unknown;
    const remaining = room - railWidth - 2 - nameWidth - 2 - 10;
    const about = remaining < 6 ? "" : cut(aboutOf(node), remaining);
    return ` ${style.dim(before)}${symbol}${style.dim(after)}${blanks}  ${isCritical ? style.bold(name) : name}  ${style.dim(padEnd(about, Math.max(0, remaining)))}${style.dim(padStart(time, 10))}`.trimEnd();
  });
  return [
    ` ${style.bold(safe(workflow.name))}`,
    "",
    ...lines.map((line) => (line.startsWith(" ") ? line : ` ${line}`)),
    "",
    ...summary(workflow, style),
  ];
}

function aboutOf({ kind, uses, forEach, compensated, backTo }: WorkflowNode): string {
  const label = uses === "" ? (kind === "uses" ? "" : kind) : uses;
  const parts = [
    safe(label),
    forEach ? "for each" : "",
    compensated ? "has a compensation" : "",
    backTo.length === 0 ? "" : `${kind === "state" ? "→" : "↰"} ${safe(backTo.join(", "))}`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function summary(
  { nodes, criticalPath, criticalPathMs, workMs, width, depth }: WorkflowView,
  style: Style,
): string[] {
  const tasks = counted(nodes.length, "task");
  const facts = [tasks, `width ${width}`, `depth ${depth}`];
  const lines = [` ${style.dim(facts.join(" · "))}`];
  if (criticalPath.length > 0) {
    const total = workMs > criticalPathMs ? style.dim(` of ${printDurationMs(workMs)} of work`) : "";
    const path = criticalPath.map(safe).join(" → ");
    lines.push(
      ` ${style.yellow("◆")} ${style.dim("critical path")} ${path}  ${style.dim(criticalPathMs > 0 ? `~${printDurationMs(criticalPathMs)}` : "duration unknown (tasks without cost.duration)")}${total}`,
    );
  }
  return lines;
}
