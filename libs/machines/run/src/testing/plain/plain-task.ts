/** Tasks in the plain interpreter: objects that refer to each other. */

import type { NeedConditionWord, NeedDocument, TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { referencesOf, referencesOfCondition } from "./names.ts";
import type { PlainRule } from "./script.ts";

export type PlainStatus =
  | "pending"
  /** Waits for an agent, a time or another party. */
  | "running"
  /** A person must decide how it continues. */
  | "paused"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "compensated";

export type NeedCondition = NeedConditionWord;

export interface PlainTask {
  readonly id: string;
  readonly document: TaskDocument;
  readonly body: PlainBody;
  /** Entry of a list that this task is. Undefined if it is a task of a body. */
  readonly entry: { readonly item: Json; readonly index: number; readonly list: PlainTask } | undefined;
  status: PlainStatus;
  /** Number of its starts. */
  visits: number;
  /** Input. Undefined until it started. */
  input: Json | undefined;
  output: Json;
  /** Saved data for the next attempt. */
  saved: string | undefined;
  /** Code of its error. */
  error: string;
  /** Occasion of its failure, and the number of earlier failures. */
  failedOn: number;
  failedAs: number;
  /** Its entries, its rounds, or the tasks that it has added. */
  entries: PlainTask[] | undefined;
  rounds: PlainBody[];
  added: PlainBody | undefined;
  /** Whether it waits for the next round. */
  pauses: boolean;
  /** Output of the previous round. */
  last: Json;
  /** Number of times that it has sent work back. */
  sentBack: number;
  /** Report with which it was sent back. Null if it never was. */
  feedback: Json;
  /** Question to people about it. */
  question: PlainQuestion | undefined;
  /** Skipped by its own condition. */
  isPassed: boolean;
  /** Skipped by a person. Tasks that need it continue. */
  countsAsCompleted: boolean;
  /** The start of its child was requested, and is not confirmed yet. */
  isStarting: boolean;
}

/**
 * The effect of a completed task that can be undone. It is identified by the id of the task. One exists
 * however often the task completed, with the latest input and output, even while the task is repeated.
 */
export interface PlainEffect {
  readonly task: PlainTask;
  readonly input: Json;
  readonly output: Json;
  /** Number of occasions before its completion, and the time of it. */
  readonly completedAs: number;
  readonly completedMs: number;
}

export interface PlainQuestion {
  /** Output after an approval. Undefined if the answer is the output. */
  readonly output: Json | undefined;
  /** The rule that asks, and those that ask after it. */
  readonly rule: PlainRule | undefined;
  readonly next: readonly PlainRule[];
  /** Last answer of each person. */
  readonly answers: Map<string, "yes" | "no">;
  readonly approvers: Set<string>;
  isOpen: boolean;
}

/** Sibling tasks: those of the run, of a round, of a list of actions, or of an addition. */
export interface PlainBody {
  readonly tasks: ReadonlyMap<string, PlainTask>;
  /** The task that they are parts of. Undefined for the run's own. */
  readonly owner: PlainTask | undefined;
  readonly round: { readonly number: number; readonly last: Json } | undefined;
  /** Event that caused it, if it belongs to a state. */
  readonly event: Json | undefined;
  /** Unexpected failures, in the order in which they were seen. */
  failures: PlainTask[];
}

type Documents = Readonly<Record<string, TaskDocument>>;

/** Creates a body. Ids of tasks are distinguished by the parts around their names. */
export function bodyOf(
  documents: Documents,
  {
    idOf = (name) => name,
    ...about
  }: Partial<Pick<PlainBody, "owner" | "round" | "event">> & {
    readonly idOf?: (name: string) => string;
  } = {},
): PlainBody {
  const tasks = new Map<string, PlainTask>();
  const { owner, round, event } = about;
  const body: PlainBody = { tasks, owner, round, event, failures: [] };
  for (const [name, document] of Object.entries(documents))
    tasks.set(name, taskOf(idOf(name), document, body));
  return body;
}

export function taskOf(
  id: string,
  document: TaskDocument,
  body: PlainBody,
  entry?: PlainTask["entry"],
): PlainTask {
  return { id, document, body, entry, visits: 0, sentBack: 0, feedback: null, ...untouched() };
}

function untouched() {
  return {
    status: "pending" as PlainStatus,
    input: undefined,
    output: null,
    error: "",
    failedOn: 0,
    failedAs: 0,
    ...{ entries: undefined, rounds: [], added: undefined, pauses: false, last: null },
    saved: undefined,
    question: undefined,
    countsAsCompleted: false,
    isPassed: false,
    isStarting: false,
  };
}

/** Returns a task to its initial state, except for the number of its starts, and its feedback. */
export function forget(task: PlainTask): void {
  Object.assign(task, untouched());
}

export function hasEnded({ status }: PlainTask): boolean {
  return status !== "pending" && status !== "running" && status !== "paused";
}

/** Returns whether tasks that need its success may continue. */
export function isGood({ status, countsAsCompleted }: PlainTask): boolean {
  return status === "completed" || countsAsCompleted;
}

/** Returns the task with all its entries, rounds and added tasks. */
export function partsOf(task: PlainTask): PlainTask[] {
  const bodies = task.added === undefined ? task.rounds : [...task.rounds, task.added];
  const inBodies = bodies.flatMap(({ tasks }) => [...tasks.values()]);
  return [task, ...[...(task.entries ?? []), ...inBodies].flatMap(partsOf)];
}

/** Returns a needed task: a sibling, or any task of the run if the body was added. */
export function neededBy({ body }: PlainTask, id: string, run: KnownTasks): PlainTask | undefined {
  return body.tasks.get(id) ?? (isAdded(body) ? run.task(id) : undefined);
}

export interface KnownTasks {
  readonly tasks: readonly PlainTask[];
  task(id: string): PlainTask | undefined;
}

export function needsDirectly(task: PlainTask, needed: PlainTask, run: KnownTasks): boolean {
  return (
    task.entry === undefined &&
    [...needsOf(task.document).keys()].some((id) => neededBy(task, id, run) === needed)
  );
}

/** Returns the task and all that depend on it. */
export function restingOn(task: PlainTask, run: KnownTasks): ReadonlySet<PlainTask> {
  const found = new Set([task]);
  for (const rested of found)
    for (const other of run.tasks)
      if (needsDirectly(other, rested, run) && !isAbandoned(other)) found.add(reopenTarget(other));
  return found;
}

/** Returns the task that is repeated: the owner of added tasks if it has ended. */
function reopenTarget(task: PlainTask): PlainTask {
  let target = task;
  for (let { body } = task; isAdded(body) && body.owner !== undefined; body = body.owner.body)
    if (hasEnded(body.owner)) target = body.owner;
  return target;
}

/** Returns whether a task was added by an unsuccessful owner: it is created again with the owner. */
export function isAbandoned({ body }: PlainTask): boolean {
  const { owner } = body;
  if (owner === undefined || !isAdded(body)) return false;
  return (hasEnded(owner) && owner.status !== "completed") || isAbandoned(owner);
}

function isAdded(body: PlainBody): boolean {
  return body.owner?.added === body;
}

/** Returns the task of the run itself that a task is, or is a part of. */
export function topmost(task: PlainTask): PlainTask {
  const around = task.entry?.list ?? task.body.owner;
  return around === undefined ? task : topmost(around);
}

/**
 * Returns how sibling tasks must end: by `needs`, and by the references of its expressions. An expression
 * that reads the status or the error of a task accepts any end of it. An expression that reads only the
 * output needs a success.
 */
export function needsOf(document: TaskDocument): ReadonlyMap<string, NeedCondition> {
  const known = needs.get(document);
  if (known !== undefined) return known;
  const conditions = readNeeds(document);
  needs.set(document, conditions);
  return conditions;
}

const needs = new WeakMap<TaskDocument, ReadonlyMap<string, NeedCondition>>();

function readNeeds(document: TaskDocument): Map<string, NeedCondition> {
  const { needs = [] } = document;
  const found = new Map<string, NeedCondition>();
  for (const need of typeof needs === "string" ? [needs] : needs) {
    if (typeof need === "string") found.set(need, "done");
    else found.set(need.task, need.on ?? "done");
  }
  const unstated = typeof needs === "string" ? [needs] : needs.map((need) => nameIfUnstated(need));
  const stated = new Set(found.keys());
  for (const id of unstated)
    if (id !== undefined && namesIn(document).includes(`tasks.${id}.output`)) found.set(id, "success");
  for (const name of namesIn(document)) {
    const [, id = "", field] = /^tasks\.(\w+)\.(\w+)$/.exec(name) ?? [];
    if (id === "" || stated.has(id)) continue;
    if (field !== "output") found.set(id, "always");
    else if (!found.has(id)) found.set(id, "success");
  }
  return found;
}

function nameIfUnstated(need: NeedDocument): string | undefined {
  if (typeof need === "string") return need;
  return need.on === undefined ? need.task : undefined;
}

/** Returns the names in a task and everything inside it. */
function namesIn(document: TaskDocument): string[] {
  const {
    when,
    forEach,
    with: withInput,
    set,
    wait,
    loop,
    gate,
    spawn,
    approve,
    checks = [],
    cache,
  } = document;
  const inside = Object.values(loop?.tasks ?? {}).flatMap(namesIn);
  const own = new Set(Object.keys(loop?.tasks ?? {}));
  const waited = typeof wait === "object" ? (wait.for ?? wait.until) : wait;
  const all = [
    ...referencesOfCondition(forEach),
    ...referencesOfCondition(when),
    ...[withInput, set].flatMap(referencesOf),
    ...checks.flatMap(({ condition }) => referencesOfCondition(condition)),
    ...referencesOf(typeof cache === "object" ? cache.key : undefined),
    ...referencesOf(document.compensate?.with),
    ...[waited, loop?.initial].flatMap(referencesOf),
    ...referencesOfCondition(loop?.while),
    ...referencesOfCondition(loop?.until),
    ...referencesOf(loop?.output),
    ...[gate?.check, ...Object.values(gate?.checks ?? {})].flatMap(referencesOfCondition),
    ...referencesOf(gate?.report),
    ...[approve?.title, approve?.message, approve?.context].flatMap(referencesOf),
    ...referencesOfCondition(typeof spawn === "object" ? spawn.tasks : spawn),
    ...inside,
  ];
  return all.filter((name) => !own.has(/^tasks\.(\w+)\./.exec(name)?.[1] ?? ""));
}

/** Returns the outputs of all tasks by their names. */
export function outputsOf({ tasks }: PlainBody): Json {
  const good = [...tasks].filter(([, task]) => isGood(task));
  return Object.fromEntries(good.map(([name, { output }]) => [name, output]));
}

/** Returns the errors of the first failures: those on the first occasion, in their order. */
export function firstOf(failed: readonly PlainTask[]): readonly string[] {
  const first = Math.min(...failed.map(({ failedOn }) => failedOn));
  const together = failed.filter(({ failedOn }) => failedOn === first);
  return together.sort((one, other) => one.failedAs - other.failedAs).map(({ error }) => error);
}
