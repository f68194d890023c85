/**
 * The journal as a trace: the work, its tasks or parts, and in each what its time was spent on. Children inside of what
 * they do.
 */
import { counted } from "../../elements/moments.ts";
import { shortTitle } from "../graph/shape.ts";
import type { SpanFacts, TaskFacts } from "../model/facts.ts";
import { partsOf } from "../time/bars.ts";

export interface WaterfallRow {
  readonly key: string;
  readonly title: string;
  readonly kind: SpanFacts["kind"] | "task";
  /** The task or part that the span belongs to. Empty for the work itself. */
  readonly task: string;
  readonly agent: string;
  readonly depth: number;
  readonly startMs: number;
  /** 0 while it continues. */
  readonly endMs: number;
  readonly isFailed: boolean;
  readonly hasParts: boolean;
  /** Its parts are not shown. */
  readonly isFolded: boolean;
  readonly partCount: number;
}

interface Branch {
  readonly id: string;
  readonly spans: SpanFacts[];
  readonly branches: Map<string, Branch>;
}

export function waterfall(
  spans: readonly SpanFacts[],
  tasks: ReadonlyMap<string, TaskFacts>,
  folded: ReadonlySet<string>,
  title = "run",
): readonly WaterfallRow[] {
  const root: Branch = { id: "", spans: [], branches: new Map() };
  for (const span of spans) branchOf(root, span.task, tasks).spans.push(span);
  const rows: WaterfallRow[] = [];
  const whole = root.spans.find(({ kind }) => kind === "whole");
  if (whole !== undefined) rows.push(rowOf(whole, { depth: 0, title, isFailed: false }));
  for (const span of root.spans)
    if (span !== whole) rows.push(rowOf(span, { depth: 1, title: labels[span.kind], isFailed: false }));
  for (const branch of inOrder(root)) addBranch(rows, branch, { depth: 1, tasks, folded });
  return rows;
}

/** `ship[3]` is inside of `ship`, `ship/pack` is a task of the child that does `ship`. */
function branchOf(root: Branch, task: string, tasks: ReadonlyMap<string, TaskFacts>): Branch {
  let branch = root;
  for (const id of pathTo(task, tasks)) {
    let next = branch.branches.get(id);
    if (next === undefined) {
      next = { id, spans: [], branches: new Map() };
      branch.branches.set(id, next);
    }
    branch = next;
  }
  return branch;
}

function pathTo(task: string, tasks: ReadonlyMap<string, TaskFacts>): readonly string[] {
  if (task === "") return [];
  const path: string[] = [];
  let id = task;
  for (let slash = id.lastIndexOf("/"); slash > 0 && !tasks.has(id); slash = id.lastIndexOf("/")) {
    path.push(id);
    id = id.slice(0, slash);
  }
  for (let next: string | undefined = id; next; next = tasks.get(next)?.parentId) path.push(next);
  return path.reverse();
}

function inOrder({ branches }: Branch): Branch[] {
  return [...branches.values()].sort((one, other) => startOf(one) - startOf(other));
}

function startOf({ spans, branches }: Branch): number {
  let start = spans[0]?.startMs ?? Number.POSITIVE_INFINITY;
  for (const branch of branches.values()) start = Math.min(start, startOf(branch));
  return start;
}

/** 0 while any of it continues. */
function endOf({ spans, branches }: Branch): number {
  let end = -1;
  for (const { endMs } of spans) {
    if (endMs === 0) return 0;
    end = Math.max(end, endMs);
  }
  for (const branch of branches.values()) {
    const endMs = endOf(branch);
    if (endMs === 0) return 0;
    end = Math.max(end, endMs);
  }
  return end;
}

interface Surroundings {
  readonly depth: number;
  readonly tasks: ReadonlyMap<string, TaskFacts>;
  readonly folded: ReadonlySet<string>;
}

function addBranch(rows: WaterfallRow[], branch: Branch, { depth, tasks, folded }: Surroundings): void {
  const task = tasks.get(branch.id);
  const startMs = startOf(branch);
  const endMs = endOf(branch);
  const hasParts = branch.spans.length + branch.branches.size > 1 || branch.branches.size > 0;
  const own = branch.id.slice(branch.id.lastIndexOf("/") + 1);
  rows.push({
    key: branch.id,
    title: task === undefined ? own : shortTitle(task),
    kind: "task",
    task: branch.id,
    agent: "",
    depth,
    startMs,
    endMs,
    isFailed: task?.state === "failed",
    hasParts,
    isFolded: hasParts && folded.has(branch.id),
    partCount: branch.branches.size,
  });
  if (folded.has(branch.id) || !hasParts) return;
  const failed = new Set(
    task?.attempts.filter(({ failure }) => failure !== undefined).map(({ number }) => number),
  );
  // After a successful attempt there is no pause.
  for (const span of branch.spans) if (span.kind === "backoff") failed.add(span.attempt);
  const known = new Set(branch.spans.map(({ id }) => id));
  for (const span of branch.spans) {
    const isFailed = span.modelCall?.isFailed ?? (span.kind === "attempt" && failed.has(span.attempt));
    const isWithin = span.modelCall !== undefined && known.has(span.parentId);
    rows.push(rowOf(span, { depth: depth + (isWithin ? 2 : 1), title: titleOf(span), isFailed }));
  }
  for (const inside of inOrder(branch)) addBranch(rows, inside, { depth: depth + 1, tasks, folded });
}

function titleOf({ kind, attempt, modelCall }: SpanFacts): string {
  if (modelCall === undefined) return kind === "attempt" && attempt > 0 ? `attempt ${attempt}` : labels[kind];
  const { title, tokens } = modelCall;
  return tokens > 0 ? `${title}, ${counted(tokens, "token")}` : title;
}

function rowOf(
  span: SpanFacts,
  { depth, title, isFailed }: { readonly depth: number; readonly title: string; readonly isFailed: boolean },
): WaterfallRow {
  const { id, kind, task, agent, startMs, endMs } = span;
  return { key: id, title, kind, task, agent, depth, startMs, endMs, isFailed, ...leaf };
}

const leaf = { hasParts: false, isFolded: false, partCount: 0 };

const labels: Readonly<Record<SpanFacts["kind"], string>> = {
  whole: "execution",
  queue: "queued",
  attempt: "running",
  backoff: "backoff",
  wait: "waiting",
  compensation: "compensation",
  model_call: "model call",
  part: "part",
};

/** Tasks without a span get one for each of their own times. */
export function withOwnTimes(spans: readonly SpanFacts[], tasks: readonly TaskFacts[]): readonly SpanFacts[] {
  const known = new Set(spans.map(({ task }) => task));
  const own = tasks
    .filter(({ id }) => !known.has(id))
    .flatMap((task) =>
      partsOf(task).map(({ kind, attempt, agent, startMs, endMs }, place) => ({
        task: task.id,
        kind,
        attempt,
        agent,
        startMs,
        endMs,
        id: `${task.id} ${place}`,
        parentId: "",
        modelCall: undefined,
      })),
    );
  return [...spans, ...own];
}

/** A list with more parts is folded at first. */
const foldedFrom = 500;

/** Rows that are folded at first: long lists. */
export function foldedAtFirst(tasks: readonly TaskFacts[]): ReadonlySet<string> {
  const parts = new Map<string, number>();
  for (const { parentId } of tasks) parts.set(parentId, (parts.get(parentId) ?? 0) + 1);
  const folded = new Set<string>();
  for (const [id, count] of parts) if (id !== "" && count > foldedFrom) folded.add(id);
  return folded;
}
