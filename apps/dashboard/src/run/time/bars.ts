/**
 * Bars of the Gantt chart: a row for every task, with the parts of its time. From the journal's spans if they are
 * loaded, otherwise from the times of the tasks.
 */

import { shortTitle } from "../graph/shape.ts";
import type { SpanFacts, SpanKind, TaskFacts } from "../model/facts.ts";
import { hasTaskEnded } from "../model/task-state.ts";
import type { Window } from "./scale.ts";

export type PartKind = Exclude<SpanKind, "whole" | "model_call" | "part">;

export interface Part {
  readonly kind: PartKind;
  /** From 1. 0 where there is none. */
  readonly attempt: number;
  readonly agent: string;
  readonly startMs: number;
  /** 0 while it continues. */
  readonly endMs: number;
  /** Whether an attempt ended badly. */
  readonly isFailed: boolean;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly place: number;
  /** How deep it is inside of others. */
  readonly depth: number;
  readonly parts: readonly Part[];
}

const notOfTasks: ReadonlySet<SpanKind> = new Set(["whole", "model_call", "part"]);

/**
 * Parents before their parts, siblings by the time at which they could start. A task that has not started has no row.
 */
export function rowsOf(tasks: readonly TaskFacts[], spans: readonly SpanFacts[]): readonly Row[] {
  const bySpans = new Map<string, Part[]>();
  for (const span of spans) {
    // Calls of models are within attempts, and would hide them.
    if (notOfTasks.has(span.kind) || span.task === "") continue;
    const part = partOf(span);
    const known = bySpans.get(span.task);
    if (known === undefined) bySpans.set(span.task, [part]);
    else known.push(part);
  }
  const rows = new Map<number, Row>();
  const children = new Map<string, number[]>();
  const starts: number[] = [];
  for (const [place, task] of tasks.entries()) {
    const known = bySpans.get(task.id);
    const parts = known === undefined ? partsOf(task) : marked(known, task);
    starts[place] = parts[0]?.startMs ?? Number.POSITIVE_INFINITY;
    if (parts.length === 0) continue;
    rows.set(place, { id: task.id, title: shortTitle(task), place, depth: 0, parts });
    const siblings = children.get(task.parentId);
    if (siblings === undefined) children.set(task.parentId, [place]);
    else siblings.push(place);
  }
  for (const siblings of children.values())
    siblings.sort((one, other) => (starts[one] ?? 0) - (starts[other] ?? 0) || one - other);
  const inOrder: Row[] = [];
  const open = [...(children.get("") ?? [])].reverse().map((place) => ({ place, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const row = rows.get(next.place);
    if (row === undefined) continue;
    inOrder.push({ ...row, depth: next.depth });
    for (const place of [...(children.get(row.id) ?? [])].reverse())
      open.push({ place, depth: next.depth + 1 });
  }
  return inOrder;
}

function partOf({ kind, attempt, agent, startMs, endMs }: SpanFacts): Part {
  return { kind: kind as PartKind, attempt, agent, startMs, endMs, isFailed: false };
}

/** Returns an attempt after which another one came, or that a failed task ended with, went wrong. */
function marked(parts: readonly Part[], task: TaskFacts): readonly Part[] {
  const failed = new Set(
    task.attempts.filter(({ failure }) => failure !== undefined).map(({ number }) => number),
  );
  return parts.map((part) =>
    part.kind === "attempt" && failed.has(part.attempt) ? { ...part, isFailed: true } : part,
  );
}

/** From the times of a task. */
export function partsOf(task: TaskFacts): readonly Part[] {
  const parts: Part[] = [];
  const startedMs = task.attempts[0]?.queueMs || task.readyMs;
  let lastMs = startedMs;
  for (const { number, isCompensation, agent, queueMs, startMs, endMs, failure } of task.attempts) {
    const queuedMs = queueMs || lastMs;
    if (queuedMs === 0) continue;
    const isFailed = failure !== undefined;
    const shared = { attempt: number, agent };
    if (queuedMs > lastMs)
      parts.push({ ...shared, kind: "backoff", startMs: lastMs, endMs: queuedMs, isFailed: false });
    // The end of a compensation is in its span alone.
    if (isCompensation) {
      const isGoing = task.state === "compensating" && !isFailed;
      const undoneMs = isGoing ? 0 : endMs || queuedMs;
      parts.push({ ...shared, kind: "compensation", startMs: queuedMs, endMs: undoneMs, isFailed });
      continue;
    }
    if (startMs > queuedMs)
      parts.push({ ...shared, kind: "queue", startMs: queuedMs, endMs: startMs, isFailed: false });
    if (startMs === 0 && endMs === 0)
      parts.push({ ...shared, kind: "queue", startMs: queuedMs, endMs: 0, isFailed: false });
    else parts.push({ ...shared, kind: "attempt", startMs: startMs || queuedMs, endMs, isFailed });
    lastMs = endMs;
  }
  if (parts.length > 0 || task.readyMs === 0) return parts;
  const endMs = hasTaskEnded(task.state) ? task.endMs : 0;
  return [{ kind: "wait", attempt: 0, agent: "", startMs: task.readyMs, endMs, isFailed: false }];
}

/** From the first to the last bar. */
export function windowOfRows(rows: readonly Row[], runStartMs: number, nowMs: number): Window {
  let fromMs = runStartMs > 0 ? runStartMs : Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const { parts } of rows)
    for (const { startMs, endMs } of parts) {
      fromMs = Math.min(fromMs, startMs);
      toMs = Math.max(toMs, endMs || nowMs);
    }
  if (!Number.isFinite(fromMs)) return { fromMs: nowMs, toMs: nowMs + 1 };
  return { fromMs, toMs: Math.max(toMs, fromMs + 1) };
}
