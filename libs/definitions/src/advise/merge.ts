/**
 * Advice about chains of small tasks. Between two tasks a run waits for its engine, a queue and an agent. If that takes
 * longer than the tasks themselves, one task that does both is faster.
 *
 * Only a worker can do the work of two capabilities in one task, so the change is not applied automatically.
 */
import { durationText } from "@tutti/kernel";
import type { TaskDocument, WorkflowDocument } from "../language/document.ts";
import { ascending, type Gain, gainOf, type Needs, quantile, type RecordedRun } from "./replay.ts";

export interface MergeFound {
  /** Tasks in their order. */
  readonly chain: readonly string[];
  readonly gain: Gain;
  readonly evidence: readonly string[];
}

const runsMin = 5;
const chainMax = 8;

type Tasks = Readonly<Record<string, TaskDocument>>;

/** Returns the chain that starts with a task. Undefined if its hops are short compared with the tasks. */
export function mergeable(
  id: string,
  { tasks = {} }: WorkflowDocument,
  needs: Needs,
  runs: readonly RecordedRun[],
): MergeFound | undefined {
  // A task in the middle of a chain is covered by the advice about its first task.
  const before = [...(needs.get(id) ?? [])];
  if (before.length === 1 && follows(before[0] ?? "", id, tasks, needs, runs)) return undefined;
  const chain = [id];
  while (chain.length < chainMax) {
    const last = chain.at(-1) ?? "";
    const next = Object.keys(tasks).find((other) => follows(last, other, tasks, needs, runs));
    if (next === undefined) break;
    chain.push(next);
  }
  if (chain.length < 2) return undefined;
  const later = new Set(chain.slice(1));
  const gain = gainOf(runs, needs, needs, (run, { task, queuedMs, startedMs, endedMs }) => {
    if (!later.has(task)) return endedMs - queuedMs;
    // The replay keeps the time from the end of the previous task to the queueing, which is part of the hop.
    const ended = run.tasks.find((each) => each.task === chain[chain.indexOf(task) - 1])?.endedMs;
    return endedMs - (startedMs ?? queuedMs) - Math.max(0, queuedMs - (ended ?? queuedMs));
  });
  if (gain === undefined) return undefined;
  const evidence = chain.slice(1).map((task, at) => {
    const { hopMs, workMs, count } = hopOf(chain[at] ?? "", task, runs);
    return `Between the end of \`${chain[at]}\` and the start of \`${task}\`: ${durationText(hopMs)} (median of ${count} runs). Both work ${durationText(workMs)}.`;
  });
  return { chain, gain, evidence: [...evidence, "The replay removes these hops, and keeps the work."] };
}

/**
 * Returns whether a task directly follows another one, needs only that one, and the hop takes longer than the work
 * of both.
 */
function follows(
  id: string,
  next: string,
  tasks: Tasks,
  needs: Needs,
  runs: readonly RecordedRun[],
): boolean {
  const [one, other] = [tasks[id], tasks[next]];
  if (one === undefined || other === undefined || id === next) return false;
  const readers = [...needs].filter(([, needed]) => needed.has(id)).map(([task]) => task);
  if (readers.length !== 1 || readers[0] !== next || needs.get(next)?.size !== 1) return false;
  if (!isPlain(one) || !isPlain(other) || needsCondition(other) || readsMore(other)) return false;
  const { hopMs, workMs, count } = hopOf(id, next, runs);
  return count >= runsMin && hopMs > workMs;
}

/** Returns whether a task has one capability and no options that a merged task could not have. */
function isPlain({
  uses,
  forEach,
  loop,
  when,
  spawn,
  approve,
  compensate,
  checks,
  cache,
  limits,
}: TaskDocument) {
  const own = [forEach, loop, when, spawn, approve, compensate, checks, cache, limits];
  return uses !== undefined && own.every((each) => each === undefined);
}

function needsCondition({ needs = [] }: TaskDocument): boolean {
  return (typeof needs === "string" ? [needs] : needs).some(
    (need) => typeof need !== "string" && need.on !== undefined,
  );
}

/** A merged task has the input of the first one. */
function readsMore({ with: data }: TaskDocument): boolean {
  return /\$\{\{[^}]*\b(input|run|variables|env)\b[^}]*\}\}/.test(JSON.stringify(data ?? ""));
}

function hopOf(id: string, next: string, runs: readonly RecordedRun[]) {
  const hops: number[] = [];
  const works: number[] = [];
  for (const { tasks } of runs) {
    const [one, other] = [id, next].map((task) => tasks.find((each) => each.task === task));
    if (one?.startedMs === undefined || other?.startedMs === undefined) continue;
    hops.push(Math.max(0, other.startedMs - one.endedMs));
    works.push(one.endedMs - one.startedMs + other.endedMs - other.startedMs);
  }
  return {
    hopMs: quantile(ascending(hops), 0.5),
    workMs: quantile(ascending(works), 0.5),
    count: hops.length,
  };
}

/** Returns the document with one merged task. Tasks that needed the last one need the first one. */
export function merged(document: WorkflowDocument, chain: readonly string[]): WorkflowDocument {
  const { tasks = {} } = document;
  const [first = "", ...later] = chain;
  const last = later.at(-1) ?? "";
  const uses = chain.map((id) => tasks[id]?.uses?.replace(/@.*$/, "")).join("-");
  const remaining = Object.entries(tasks).filter(([id]) => !later.includes(id));
  const renamed = remaining.map(([id, task]) => [
    id,
    id === first ? { ...task, uses } : withName(task, last, first),
  ]);
  return { ...document, tasks: Object.fromEntries(renamed) };
}

function withName(task: TaskDocument, from: string, to: string): TaskDocument {
  const text = JSON.stringify(task)
    .replaceAll(new RegExp(`tasks\\.${from}\\b`, "g"), `tasks.${to}`)
    .replaceAll(new RegExp(`tasks\\[(\\\\?["'])${from}\\1\\]`, "g"), `tasks[$1${to}$1]`)
    .replaceAll(`"${from}"`, `"${to}"`);
  // The cast is safe: one name is replaced by another.
  return JSON.parse(text) as TaskDocument;
}
